"""`supabase.copy`: the project's schema, data and logins, of one moment, in a database of this stack's server."""

from __future__ import annotations

import re
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.data.backups import manifest
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.postgres import connection, roles, scratch
from slipway.data.postgres import copy as postgres_copy
from slipway.data.restore import archive, filling, people, place, proof, restoring, swap
from slipway.data.restore.archive import Archive
from slipway.data.restore.interface import Check
from slipway.errors import BackupError, VerificationError
from slipway.supabase import source
from slipway.supabase.copying import entries, forced, members, prelude, reading, role_settings
from slipway.supabase.copying.leave import Left
from slipway.supabase.copying.role_settings import Setting
from slipway.supabase.delta import baseline
from slipway.supabase.delta.baseline import Baseline
from slipway.supabase.dumps import standing
from slipway.supabase.interface import Copied, Copy

if TYPE_CHECKING:
    import psycopg

FOLDER = "supabase/copy"  # of the state: the dump of a copy that was cut short
SETTINGS = re.compile(rf"(?m)^ALTER ROLE {people.NAME} SET .*;$")  # for all databases: the copy has them for itself


def copy(ends: Endpoints, args: Copy, emit: Emit) -> Copied:
    """Copies the project beside the live database, compares the two, and puts the copy in its place or under a name.

    A dump that is complete is used again when what comes after it was cut short. Raises SettingsError for a project
    that cannot be copied, VerificationError for a copy that is not as the project was, and what `standing.project` does.
    """
    started = time.monotonic()
    with standing.project(ends, args.dumps, emit) as stands:
        done = copy_project(stands.ends, args, emit, started)
    return replace(done, notes=(*stands.notes, *done.notes))


def copy_project(ends: Endpoints, args: Copy, emit: Emit, started: float) -> Copied:
    source.refuse_pooled(ends.supabase.db_url)
    path = ends.state_dir / FOLDER
    with place.server(ends) as conn, connection.told(BackupError, "the copy"):
        restoring.refuse_taken(conn, args.into)
        notes = reading.dumped(ends, path, args.fresh, conn, emit)
        done = fill(ends, conn, path, args, emit, started)
    shutil.rmtree(path)
    return replace(done, notes=(*notes, *done.notes))


def fill(ends: Endpoints, conn: psycopg.Connection, path: Path, args: Copy, emit: Emit, started: float) -> Copied:
    """The new database: extensions, the dump without what stays behind, grants; compared, and then in its place."""
    found = manifest.read(path)
    live = scratch.database_of(ends)
    opened = archive.open_archive(ends, path, found, conn.info.server_version // 10000)
    notes = place.drop_leftovers(conn, live)
    with place.beside(conn, ends, live, found) as made:
        notes += people.ensure(conn, set(found["roles"]), SETTINGS.sub("", opened.globals))
        owner = place.owner(conn, ends, live)
        with scratch.maker(ends, made.name) as inside:
            prelude.make_extensions(inside, found["extensions"], owner)
            brought = members.look(inside, found["extensions"])
            members.open_to(inside, owner, brought, True)
        restore(ends, opened, made, owner, emit)
        with scratch.maker(ends, made.name) as inside:
            members.open_to(inside, owner, brought, False)
            finish(inside, owner, found["rights"], found["event_triggers"] if ends.admin_url else [])
        checks = prove(ends, opened, made, emit)
        with scratch.maker(ends, made.name) as inside:
            remember(inside, owner, found)
            notes += forced.lost(inside, found["forced"])
            notes += members.lost(inside, found["members"])
            notes += role_settings.make(inside, [Setting(*each) for each in found["settings"]])
        old = settle(ends, conn, made, live, args, found["id"])
    return Copied(
        made.name if args.into else live,
        old,
        tuple(checks),
        rows=sum(facts["rows"] for facts in found["tables"].values()),
        left=tuple(found["told"]),
        notes=(*notes, *made.notes, *(f"extension {name}: not made here" for name in found["missing"])),
        begun=found["begun"],
        seconds=round(time.monotonic() - started, 3),
    )


def restore(ends: Endpoints, opened: Archive, made: place.Made, owner: str, emit: Emit) -> None:
    left = Left(frozenset((number, id) for number, id in opened.manifest["left"]), ())
    listing = opened.run_pg_restore("--list")
    chosen, last = entries.chosen(listing, left), entries.securing(listing)
    words = ("--no-owner", "--no-privileges", f"--role={owner}")
    with scratch.maker(ends, made.name) as watch:
        for part in ([each for each in chosen if each not in last], [each for each in chosen if each in last]):
            if part:
                filling.fill(opened, postgres_copy.environment(ends, made.name), part, words, emit, watch)


def finish(inside: psycopg.Connection, owner: str, given: list[str], events: list[str]) -> None:
    """Grants as the owner, the way of the logins, event triggers as the administrator."""
    from psycopg import sql

    with inside.transaction():
        inside.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(owner)))
        for statement in given:
            inside.execute(statement)
        prelude.open_logins(inside)
    for statement in events:
        inside.execute(statement)


def remember(inside: psycopg.Connection, owner: str, found: dict) -> None:
    """What the copy is now, for the delta; then what the owner's later objects are granted, which that is none of."""
    from psycopg import sql

    with inside.transaction():
        inside.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(owner)))
        baseline.make(inside, Baseline(found["begun"], found["tables"], found["schema"]))
        for statement in found["defaults"]:
            inside.execute(statement)


def prove(ends: Endpoints, opened: Archive, made: place.Made, emit: Emit) -> list[Check]:
    """Every table, row and sequence against what was counted in the project at the moment of the dump.

    The planner's statistics are gathered at the same time.
    """
    scope = proof.Scope(without=tuple(opened.manifest["missing"]))
    with ThreadPoolExecutor(1) as pool:
        gathered = pool.submit(gather_statistics, ends, made)
        checks = proof.checks(lambda: scratch.maker(ends, made.name), opened, scope, emit)
        gathered.result()
    if failed := proof.failures(checks):
        raise VerificationError(
            "the copy",
            failed[0],
            "the project as it was at the moment of the dump; the live database was not touched",
            "./invoke supabase.copy --fresh",
            tuple(failed[1:]),
        )
    return checks


def gather_statistics(ends: Endpoints, made: place.Made) -> None:
    with scratch.maker(ends, made.name) as inside:
        inside.execute("ANALYZE")


def settle(
    ends: Endpoints, conn: psycopg.Connection, made: place.Made, live: str, args: Copy, source_id: str
) -> str | None:
    """The copy under the name that was asked for, or in the place of the live database, whose new name is returned."""
    from psycopg import sql

    new = sql.Identifier(made.name)
    path = sql.SQL("ALTER DATABASE {} SET search_path = ").format(new).as_string(conn) + prelude.SEARCH_PATH
    with place.connect_beside(ends, live) as other:
        if args.into:
            conn.execute(path)
            swap.name(conn, other, made, args.into, source_id)
            return None
        opened = sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {} TO PUBLIC").format(new).as_string(conn)
        roles.forget(ends)
        return swap.swap(conn, other, live, made, source_id, [opened, path])
