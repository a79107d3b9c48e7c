"""A restore to a moment: into a new directory beside the live cluster, proven there, then exchanged with it."""

from __future__ import annotations

import time
from pathlib import Path

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.pitr import archive, establish, places, program, proof, server, window
from slipway.data.pitr.info import Backup
from slipway.data.pitr.interface import (
    Database,
    Dropped,
    End,
    Flushed,
    Made,
    Make,
    Proven,
    Restore,
    Settled,
    Switch,
    Switched,
)
from slipway.data.postgres import connection
from slipway.data.progress import progress
from slipway.data.verb import Nothing
from slipway.errors import BackupError, EngineError, GateError

PAUSE = 0.1


def flush(ends: Endpoints, args: Nothing, emit: Emit) -> Flushed:
    """Sends what the server has not archived yet, so that every moment up to now is there.

    A server that does not answer cannot send. Raises GateError when the archive
    does not take it within GATE_TIMEOUT seconds.
    """
    found = archive.look(ends)
    if "reason" in found:
        return Flushed(False, reason=found["reason"])
    if program.report(ends).system != found["system"]:
        return Flushed(False, reason="the archive is of another cluster, which this one writes nothing into")
    deadline = time.monotonic() + ends.gate_timeout
    with connection.connect(ends.admin_url, "ADMIN_DATABASE_URL", purpose="slipway restore") as conn:
        # A transaction with a number of its own: recovery stops at a moment only when it sees one that came after it.
        conn.execute("SELECT pg_current_xact_id()")
        last = conn.execute("SELECT pg_walfile_name(pg_switch_wal())").fetchone()[0]
        while archive.state(conn)["ready"]:
            if time.monotonic() > deadline:
                raise GateError(
                    "archive",
                    f"{last} is not there after {ends.gate_timeout:.0f} s",
                    "an archive that takes what the server sends",
                    "./invoke logs -s postgres",
                )
            time.sleep(PAUSE)
    return Flushed(True, last)


def restore(ends: Endpoints, args: Make, emit: Emit) -> Made:
    """Makes the cluster of a moment. Raises BackupError; the live cluster is not touched."""
    with places.alone(ends):
        return make_cluster(ends, args, emit)


def make_cluster(ends: Endpoints, args: Make, emit: Emit) -> Made:
    begun = time.monotonic()
    for path in places.beside(places.NEW):
        places.remove(path)
    places.record(ends, id=args.id, target=args.text, phase="restore", maintenance=False, restored=False)
    chosen = next((each for each in program.require_report(ends).backups if each.label == args.backup), None)
    if chosen is None:
        raise BackupError("restore", f"the backup for {args.text} is gone", "a backup that is kept", program.NEXT)
    proof.room(places.live().parent, chosen.size)
    path = places.new(args.id)
    pull(words(path, chosen, args), chosen, emit)
    (path / places.MARK).unlink(missing_ok=True)
    return Made(str(path), chosen.label, round(time.monotonic() - begun, 1))


def words(path: Path, chosen: Backup, args: Make) -> list[str]:
    aim = (
        ["--type=default"]
        if args.target is None
        else ["--type=time", f"--target={window.exact(args.target)}", "--target-action=promote"]
    )
    # Not the latest: that may be a history which was given up.
    line = f"--target-timeline={args.timeline}"
    return [
        "restore",
        f"--pg1-path={path}",
        f"--set={chosen.label}",
        *aim,
        line,
        program.processes(),
        "--log-level-console=detail",
    ]


def pull(argv: list[str], chosen: Backup, emit: Emit) -> None:
    def report_line(line: str) -> None:
        if found := program.PERCENT.search(line):
            progress(emit, f"restore {chosen.label}", int(float(found[1])), 100, "%")

    ran = program.run(argv, said=report_line)
    if ran.code:
        raise program.command_error(f"restore of {chosen.label}", ran, BackupError, "a backup that is whole")


def verify(ends: Endpoints, args: Restore, emit: Emit) -> Proven:
    """Lets the restored cluster recover where nobody reaches it, and reads all of it.

    Raises
    BackupError when it does not reach the moment, VerificationError when something cannot be read.
    """
    begun = time.monotonic()
    path = places.new(args.id)
    with places.alone(ends):
        places.record(ends, phase="proof")
        found, version, reached = prove_cluster(ends, path, emit)
        places.mark(path, {"id": args.id, "reached": reached})
    databases = {name: Database(**facts) for name, facts in found["databases"].items()}
    return Proven(databases, reached, version, round(time.monotonic() - begun, 1))


def prove_cluster(ends: Endpoints, path: Path, emit: Emit) -> tuple[dict, int | None, str]:
    """What the recovered cluster holds, the version of its schema, and when its last transaction ended."""
    with server.run_recovered(ends, path, lambda text: progress(emit, text, 0, 0, "")) as (url, reached):
        found = proof.look(url, emit)
        version = schema(ends, url, found["databases"])
    if found["checksums"]:
        progress(emit, "checksums of every block", 0, 0, "")
        proof.checksums(ends, path)
    return found, version, reached


def schema(ends: Endpoints, url, databases: dict) -> int | None:
    """The newest migration that the restored database has; None where it has none."""
    name = connection.parameters(ends.migrate_url, "MIGRATE_DATABASE_URL").get("dbname", "")
    if name not in databases:
        return None
    with connection.open_connection(url, "the restored cluster", database=name) as conn:
        if not conn.execute("SELECT to_regclass('slipway.history') IS NOT NULL").fetchone()[0]:
            return None
        return conn.execute("SELECT max(version) FROM slipway.history").fetchone()[0]


def note_closed(ends: Endpoints, args: Nothing, emit: Emit) -> Nothing:
    """Notes that the front door was closed for the restore, so that whoever finishes it opens it again."""
    places.record(ends, maintenance=True)
    return args


def switch(ends: Endpoints, args: Switch, emit: Emit) -> Switched:
    """Exchanges the restored cluster and the live one, in one moment. Raises EngineError while a server has it open."""
    if places.is_running():
        raise EngineError("restore", "Postgres still runs", "a server that is stopped", "type the same command again")
    with places.alone(ends):
        return exchange_clusters(ends, args)


def exchange_clusters(ends: Endpoints, args: Switch) -> Switched:
    if args.back:
        places.switch_back(args.id)
        return Switched("")
    if (
        places.read_mark(places.live()).get("id") != args.id
        and places.read_mark(places.new(args.id)).get("id") != args.id
    ):
        raise BackupError("restore", "the restored cluster was not proven", "a proven one", program.NEXT)
    places.record(ends, phase="switch")
    places.switch(args.id)
    places.record(ends, phase="first backup")
    return Switched(str(places.before(args.id)))


def finish_restore(ends: Endpoints, args: End, emit: Emit) -> Dropped:
    """The end of a restore."""
    if places.find_unfinished(ends):
        places.record(ends, phase=places.DONE, restored=True)
    dropped = places.beside(places.BEFORE) if args.drop else []
    for number, path in enumerate(dropped, 1):
        progress(emit, f"removing {path.name}", number, len(dropped), "clusters")
        places.remove(path)
    return Dropped(tuple(path.name for path in dropped))


def settle(ends: Endpoints, args: Nothing, emit: Emit) -> Settled:
    """Ends what a restore that was cut short began; see places.settle."""
    return Settled(establish.end_restore(ends))
