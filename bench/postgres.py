"""A Postgres of a benchmark's own: the embedded engine's programs, a fresh cluster, default settings, its own port."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.harness import free_port
from slipway.engine.embedded import account, binaries

PATIENCE = 30


@dataclass(frozen=True)
class Server:
    """Where the programs are and where the server listens; everybody on this machine is let in."""

    programs: Path
    port: str

    def url(self, database: str) -> str:
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}?sslmode=disable"

    def psql(self, database: str, *words: str) -> list[str]:
        return [str(self.programs / "psql"), "-qXv", "ON_ERROR_STOP=1", "-d", self.url(database), *words]

    def fresh(self, database: str) -> str:
        """Makes an empty database in place of the one of that name; returns its URL."""
        for text in (f"DROP DATABASE IF EXISTS {database}", f"CREATE DATABASE {database}", "CHECKPOINT"):
            subprocess.run(self.psql("postgres", "-c", text), check=True, capture_output=True)
        return self.url(database)


@contextmanager
def server() -> Iterator[Server]:
    """Runs a server while the block runs. Raises TimeoutError when it does not answer."""
    made = Server(binaries.postgres("18"), free_port())
    become = account.prefix(made.programs)  # Postgres refuses to run as root
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        os.chown(folder, account.owner(made.programs), -1)
        data = str(Path(folder) / "data")
        subprocess.run(
            [
                *become,
                str(made.programs / "initdb"),
                "-D",
                data,
                "-A",
                "trust",
                "-U",
                "postgres",
                "--locale=C.UTF-8",
                "-E",
                "UTF8",
            ],
            check=True,
            capture_output=True,
        )
        child = subprocess.Popen(
            [
                *become,
                str(made.programs / "postgres"),
                "-D",
                data,
                "-p",
                made.port,
                "-k",
                folder,
                "-c",
                "listen_addresses=127.0.0.1",
                "-c",
                "max_wal_size=4GB",
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            wait(made)
            yield made
        finally:
            child.send_signal(signal.SIGINT)
            child.wait()


def wait(made: Server) -> None:
    deadline = time.monotonic() + PATIENCE
    ready = [str(made.programs / "pg_isready"), "-q", "-h", "127.0.0.1", "-p", made.port]
    while subprocess.run(ready, check=False).returncode:
        if time.monotonic() > deadline:
            raise TimeoutError("postgres does not answer")
        time.sleep(0.05)
