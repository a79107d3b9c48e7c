"""`python -m slipway.ops.streaming backup ID` or `sql`: bytes on standard output, an error as one JSON line on the other.

What is too long for the events of a verb is carried that way: out of a container, through any engine.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Mapping
from typing import BinaryIO

from slipway.data import endpoints, mirror
from slipway.data.backups import dump, folder, lock, source
from slipway.data.endpoints import Endpoints
from slipway.data.postgres import connection, older, programs
from slipway.errors import BackupError, Interrupted, SettingsError, SlipwayError
from slipway.ops.__main__ import interrupt, unexpected_error

CHUNK = 2**20


def main(argv: list[str], env: Mapping[str, str], out: BinaryIO) -> int:
    """Runs one stream and returns the exit code."""
    try:
        ends = endpoints.read(env)
        try:
            find(argv)(ends, argv[1:], out)
            out.flush()
            return 0
        except SlipwayError as error:
            return print_error(error, ends)
    except SlipwayError as error:
        return print_error(error, Endpoints())
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # nobody reads any more
        return 1
    except KeyboardInterrupt:
        return print_error(
            Interrupted("data side", "stopped by a signal", "", "run the same command again"), Endpoints()
        )
    except Exception as error:
        return print_error(unexpected_error(error, dict(env)), Endpoints())


def find(argv: list[str]):
    streams = {"backup": backup, "sql": sql}
    if not argv or argv[0] not in streams:
        raise SettingsError("python -m slipway.ops.streaming", " ".join(argv) or "nothing", " or ".join(streams), "")
    return streams[argv[0]]


def print_error(error: SlipwayError, ends: Endpoints) -> int:
    fields = {key: ends.scrub(value) if isinstance(value, str) else value for key, value in error.fields().items()}
    print(json.dumps(fields), file=sys.stderr, flush=True)
    return error.code


def backup(ends: Endpoints, words: list[str], out: BinaryIO) -> None:
    """A tar file with the backup's directory and the objects that it names, laid out as they are here."""
    path = folder.find(ends, words[0] if words else "latest")
    with (
        lock.hold_for_reading(path),
        tarfile.open(fileobj=out, mode="w|", format=tarfile.PAX_FORMAT, copybufsize=CHUNK) as tar,
    ):
        for each in sorted(path.iterdir()):
            tar.add(each, f"{path.name}/{each.name}", recursive=False)
        for each in mirror.files(path, folder.pool(ends)):
            tar.add(each, f"{folder.OBJECTS}/{each.name[:2]}/{each.name}", recursive=False)


def sql(ends: Endpoints, words: list[str], out: BinaryIO) -> None:
    """The database as SQL that psql runs and an editor opens."""
    way = source.choose(ends)
    with source.connect(way) as conn, connection.told(BackupError, f"database {way.database}"):
        server = conn.info.server_version
    program = programs.folder(ends, server // 10000, "pg_dump") / "pg_dump"
    env = dump.environment(way, "slipway dump")
    argv = [*dump.bind_to_parent(), str(program), "--format=plain", "--no-password", "--lock-wait-timeout=60s"]
    with tempfile.TemporaryFile() as said:
        with subprocess.Popen(argv, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=said) as child:
            try:
                older.begin(child.stdout, out, server)
                shutil.copyfileobj(child.stdout, out, CHUNK)
            except BaseException:
                child.kill()
                raise
        if child.returncode:
            said.seek(0)
            words = programs.last_words(said.read(), env)
            raise BackupError("pg_dump", words, "a dump of every table", dump.advice(words))


if __name__ == "__main__":
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, interrupt)
    sys.exit(main(sys.argv[1:], dict(os.environ), sys.stdout.buffer))
