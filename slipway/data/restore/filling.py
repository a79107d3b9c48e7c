"""pg_restore at work: several tables at once, the first error ends it, and how far it is."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from slipway.data.backups import dump
from slipway.data.endpoints import Emit
from slipway.data.postgres import complaints, older
from slipway.data.progress import progress
from slipway.data.restore import defining
from slipway.data.restore.archive import Archive
from slipway.data.restore.people import unquote_name
from slipway.errors import BackupError
from slipway.system import process

if TYPE_CHECKING:
    import psycopg

INTERVAL = 0.3
MOST_JOBS = 8
STARTED = re.compile(r'processing data for table "(.*)"$')
ENTRY = re.compile(r"pg_restore: (creating|processing) ")
QUOTED = re.compile(r'"(?:[^"]|"")+"|[^."]+')  # one part of a name that has dots between its parts
# The swap's commit waits for the disk, and with it all that was written before.
HASTE = "-c synchronous_commit=off"
FULL = re.compile("No space left on device|Check free disk space|Disk quota exceeded")


@dataclass
class Heard:
    """What pg_restore has said so far: tables begun, entries counted, errors and what came last."""

    wrong: older.Errors
    started: list[str] = field(default_factory=list)
    entries: int = 0
    tail: deque[str] = field(default_factory=lambda: deque(maxlen=20))

    @property
    def errors(self) -> list[str]:
        return self.wrong.found

    def line(self, text: str) -> None:
        self.wrong.line(text)
        if text == older.COMMAND and self.tail and not self.wrong.knows:
            self.tail.pop()
            return
        if table := STARTED.search(text):
            self.started.append(table[1])
        if ENTRY.match(text):
            self.entries += 1
            return
        if text and not text.startswith(
            (
                "pg_restore: connecting",
                "pg_restore: entering",
                "pg_restore: launching",
                "pg_restore: finished",
                "pg_restore: skipping",
                "pg_restore: while INIT",
            )
        ):
            self.tail.append(text)


def jobs() -> int:
    """As many as this process may use processors."""
    usable = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return max(1, min(MOST_JOBS, usable or 1))


def fill(
    archive: Archive,
    env: Mapping[str, str],
    chosen: list[int] | None,
    words: tuple[str, ...],
    emit: Emit,
    watch: psycopg.Connection,
) -> int:
    """Restores the dump, or its chosen entries, into the empty database of `env`; how many entries.

    `watch` is a session there, for the progress. Raises BackupError with pg_restore's first error: it ends there.
    """
    from psycopg.conninfo import make_conninfo

    env = {**env, "PGOPTIONS": f"{env.get('PGOPTIONS', '')} {HASTE}".strip(), "LC_ALL": "C"}
    with entry_words(chosen) as list_words:
        words = (*words, *list_words)
        database = make_conninfo(dbname=env["PGDATABASE"])
        if defining.is_needed(archive):
            defining.define(archive, env, database, words)
            words = (*words, *defining.THE_REST)
        errors = older.Errors(watch.info.server_version, jobs())
        program, work = (
            str(archive.programs / "pg_restore"),
            ("--verbose", "--no-subscriptions", f"--jobs={errors.jobs}"),
        )
        argv = [*dump.bind_to_parent(), program, *errors.words, *work, *words, "-d", database, str(archive.dump)]
        heard = run(argv, env, Heard(errors), lambda heard: tell(archive, heard, emit, watch))
    if heard.errors:
        raise restore_error(archive, heard)
    return len(archive.entries) if chosen is None else len(chosen)


@contextmanager
def entry_words(chosen: list[int] | None) -> Iterator[tuple[str, ...]]:
    """What tells pg_restore which entries to restore; nothing where that is all of them."""
    if chosen is None:
        yield ()
        return
    with tempfile.NamedTemporaryFile("w", prefix="slipway-list-") as numbers:
        numbers.write("".join(f"{number};\n" for number in chosen))
        numbers.flush()
        yield (f"--use-list={numbers.name}",)


def run(argv: list[str], env: Mapping[str, str], heard: Heard, tell) -> Heard:
    """The child to its end, or to its first error; a killed parent ends it too. An exit code other than 0 without an
    error that was told counts as one, unless an older server explains it."""
    child = subprocess.Popen(
        argv,
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        errors="replace",
        process_group=0,
    )

    def listen() -> None:
        for line in child.stderr:
            heard.line(line.rstrip("\n"))

    ear = threading.Thread(target=listen, daemon=True)
    ear.start()
    try:
        # Where it works in a thread of the tool itself, an interrupt reaches it by this way alone.
        with process.cancellable(child.terminate):
            while ear.is_alive():  # its words end with it; Popen.wait would look at intervals of its own
                if heard.wrong.must_end:
                    child.terminate()
                else:
                    tell(heard)
                ear.join(INTERVAL)
            child.wait()
    finally:
        if child.poll() is None:
            child.terminate()
        child.wait()
        ear.join(5)
        child.stderr.close()
    heard.wrong.settle()
    if child.returncode and not heard.errors and not (child.returncode == 1 and heard.wrong.only_that()):
        heard.errors.append(heard.tail[-1] if heard.tail else f"exit code {child.returncode}")
    return heard


def tell(archive: Archive, heard: Heard, emit: Emit, watch: psycopg.Connection) -> None:
    """Rows while there are rows to come, entries after that."""
    rows = {raw(name): facts["rows"] for name, facts in archive.manifest["tables"].items()}
    total, begun = sum(rows.values()), sum(rows.get(name, 0) for name in list(heard.started))
    copying = dict(
        watch.execute(
            "SELECT n.nspname || '.' || c.relname, p.tuples_processed FROM pg_stat_progress_copy p "
            "JOIN pg_class c ON c.oid = p.relid JOIN pg_namespace n ON n.oid = c.relnamespace "
            "WHERE p.datname = current_database()"
        ).fetchall()
    )
    done = max(0, begun - sum(max(0, rows.get(name, 0) - seen) for name, seen in copying.items()))
    if done < total:
        progress(emit, "restoring rows", done, total, "rows")
    else:
        entries = len(archive.entries)  # some are told twice: when they are made, and when they are filled
        progress(emit, "building indexes and constraints", min(heard.entries, entries), entries, "entries")


def raw(name: str) -> str:
    """A table's name as pg_restore says it, from the quoted form."""
    return ".".join(unquote_name(part) for part in parts(name))


def parts(name: str) -> tuple[str, str]:
    """Schema and table of a full name, each still quoted."""
    schema, table = QUOTED.findall(name)
    return schema, table


def restore_error(archive: Archive, heard: Heard) -> BackupError:
    room = any(FULL.search(line) for line in (*heard.errors, *heard.tail))
    return complaints.read(heard.tail, {}, heard.errors[0]).error(
        BackupError,
        f"pg_restore of {archive.path.name}",
        "room on the disk of the server" if room else "a dump that can be restored here",
        "df -h" if room else "./invoke logs -s postgres",
        tuple(heard.tail),
    )
