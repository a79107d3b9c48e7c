"""pg_dump at work: a plain archive in the custom format, which pg_restore alone can restore."""

from __future__ import annotations

import functools
import os
import re
import shutil
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from slipway.data.backups.snapshot import Moved
from slipway.data.backups.source import Source
from slipway.data.postgres import connection
from slipway.data.postgres import programs as postgres_programs
from slipway.errors import BackupError

# The quickest of each family: zstd:1 is several times as fast as the default, gzip, and smaller.
COMPRESSIONS = ("zstd:1", "lz4:1", "gzip:1")
LEVEL = "1"  # before 16 pg_dump knows gzip alone, and takes its level
BEGUN = re.compile(r'^pg_dump: dumping contents of table "(.*)"$')
# Schema changes that came between the catalog and the lock: another try sees the new schema whole.
RACES = re.compile(
    r"does not exist|cache lookup failed|could not open relation|lock timeout|statement timeout|"
    r"could not obtain lock|concurrently (updated|deleted)|tuple .*(updated|deleted)"
)


@dataclass
class Dump:
    """A pg_dump under way: the table that it is at, those that it has begun, and what else it said."""

    process: subprocess.Popen
    env: Mapping[str, str]
    mend: str = connection.LOGS  # what to type next where its words tell nothing better
    begun: list[str] = field(default_factory=list)
    said: deque[str] = field(default_factory=lambda: deque(maxlen=20))

    def __post_init__(self) -> None:
        self.reader = threading.Thread(target=self.listen, daemon=True)
        self.reader.start()

    def over(self, seconds: float) -> bool:
        """Whether it ends within that time. Its words end with it: Popen.wait would look at intervals of its own."""
        self.reader.join(seconds)
        if self.reader.is_alive():
            return False
        self.process.wait()
        return True

    def listen(self) -> None:
        """Reads its words to the end: a full pipe would stop it, and a broken one ends it when we are killed."""
        for raw in self.process.stderr:
            line = raw.decode(errors="replace").rstrip("\n")
            if match := BEGUN.match(line):
                self.begun.append(match[1])
            elif not line.startswith("pg_dump: ") or ": error: " in line or ": detail: " in line:
                self.said.append(line)

    def check(self) -> None:
        """Raises BackupError, or Moved, unless it ended well."""
        code = self.process.returncode
        if not code:
            return
        words = "\n".join(self.said) or (f"ended by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}")
        found = next((line for line in self.said if ": error: " in line), postgres_programs.last_words(words, self.env))
        kind = Moved if RACES.search(words) else BackupError
        raise kind(
            "pg_dump",
            found.removeprefix("pg_dump: error: ").replace(self.env.get("PGPASSWORD") or "\0", "•••"),
            "a dump of every table",
            advice(words, self.mend),
            tuple(self.said),
        )


def advice(words: str, otherwise: str = connection.LOGS) -> str:
    """What to type next for what pg_dump has said."""
    if re.search("No space left|SIGXFSZ|File too large|Disk quota", words):
        return "make room where the dump is written: ./invoke backups.prune --dry-run; df -h"
    if "row-level security" in words:
        return "give MIGRATE_DATABASE_URL a role with BYPASSRLS, or one that owns every table"
    if "max_locks_per_transaction" in words:
        return "raise max_locks_per_transaction on the server"
    return otherwise


def environment(way: Source, name: str) -> dict[str, str]:
    """Where to connect, and under which name; in English, since its words are read."""
    return postgres_programs.environment(way.url, way.where, way.database, way.role) | {
        "PGAPPNAME": name,
        "LC_ALL": "C",
    }


@contextmanager
def run_dump(programs: Path, way: Source, snapshot: str, target: Path, name: str, *more: str) -> Iterator[Dump]:
    """pg_dump into a file, at a snapshot that is held meanwhile. It does not outlive the block, nor a killed parent.

    `more` are words of its command line. Into a file and not through a pipe: only there pg_dump can note where each table begins, which a restore of
    several tables at once, or of one, needs. Nothing waits for the disk here: the whole backup does, before its name.
    """
    env = environment(way, name)
    argv = [
        *bind_to_parent(),
        str(programs / "pg_dump"),
        "--format=custom",
        f"--compress={compression(programs / 'pg_dump')}",
        f"--snapshot={snapshot}",
        "--lock-wait-timeout=10s",
        "--no-sync",
        "--verbose",
        "--no-password",
        *(f"--exclude-schema={name}" for name in way.without),
        *more,
        f"--file={target}",
    ]
    child = subprocess.Popen(
        argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, process_group=0
    )
    dump = Dump(child, env, way.mend)
    try:
        yield dump
    finally:
        if child.poll() is None:
            child.kill()
        child.wait()
        dump.reader.join()
        child.stderr.close()


def bind_to_parent() -> list[str]:
    """What to put before a program that must end when we are killed, where the system can do that."""
    return ["setpriv", "--pdeathsig", "KILL", "--"] if shutil.which("setpriv") else []


@functools.cache
def compression(program: Path) -> str:
    """The best method that this pg_dump was built with: it looks at that before it connects."""
    for method in COMPRESSIONS:
        argv = [str(program), "--format=custom", f"--compress={method}", "--host=/nonexistent", f"--file={os.devnull}"]
        said = subprocess.run(
            argv,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"LC_ALL": "C"},
        ).stderr
        if "compress" not in said:
            return method
    return LEVEL


def describe_packing(program: Path) -> str:
    """The method with its level, as a manifest names it."""
    method = compression(program)
    return f"gzip:{LEVEL}" if method == LEVEL else method


def roles(programs: Path, way: Source, target: Path, passwords: bool) -> None:
    """Roles and other things of the whole server, as SQL. With `passwords` their hashes too, which needs a superuser."""
    from psycopg.conninfo import make_conninfo

    argv = [
        *bind_to_parent(),
        str(programs / "pg_dumpall"),
        "--globals-only",
        "--no-sync",
        "--no-password",
        f"--file={target}",
        *([] if passwords else ["--no-role-passwords"]),
    ]
    env = environment(way, "slipway backup")
    # A name with = in it would be read as a connection string, so it is given as one.
    done = subprocess.run(
        [*argv, f"--database={make_conninfo(dbname=way.database)}"],
        env=env,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        process_group=0,
    )
    if done.returncode:
        raise BackupError(
            "pg_dumpall",
            postgres_programs.last_words(done.stderr, env),
            "roles that may be read",
            "./invoke logs -s postgres",
        )


def version(program: Path) -> str:
    """What a program calls its version, such as 18.6."""
    text = subprocess.run([str(program), "--version"], capture_output=True, text=True, check=False).stdout
    match = re.search(r"\) (\S+)", text)
    return match[1] if match else "unknown"
