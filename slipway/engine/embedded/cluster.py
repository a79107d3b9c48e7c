"""Postgres's data directory: made once, never half, and never touched by another version."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

from slipway.config.credentials import secrets_of
from slipway.config.settings import Settings
from slipway.engine.embedded import account, binaries, processes
from slipway.errors import EngineError
from slipway.system import inherited, process


def prepare(home: Path, settings: Settings) -> None:
    """Makes the data directory if there is none: beside its place first, so that a half-made one is never used."""
    data, fresh = home / "postgres" / "data", home / "postgres" / "data.new"
    if not (data / "PG_VERSION").exists():
        shutil.rmtree(fresh, ignore_errors=True)
        fresh.mkdir(mode=0o700)
        initialise(home, fresh, settings)
        fresh.rename(data)
    processes.clear_lock(data)
    account.give(data, account.owner(home))


def check_version(home: Path, settings: Settings) -> None:
    """Raises EngineError for data of another major version, before anything is stopped."""
    try:
        major = (home / "postgres" / "data" / "PG_VERSION").read_text().strip()
    except FileNotFoundError:
        return
    if major != settings.postgres_version:
        raise EngineError(
            "postgres",
            f"data of version {major}",
            f"POSTGRES_VERSION={major}, as the data is",
            f"set POSTGRES_VERSION={major} in .env; nothing was changed",
        )


def initialise(home: Path, target: Path, settings: Settings) -> None:
    """Runs initdb. Raises EngineError with its last lines."""
    account.give(target, account.owner(home))
    with tempfile.NamedTemporaryFile("w", dir=target.parent) as password:
        password.write(secrets_of(settings)["POSTGRES_PASSWORD"])
        password.flush()
        os.chown(password.name, account.owner(home), -1)
        program = binaries.postgres(settings.postgres_version, settings.embedded_programs) / "initdb"
        argv = [
            *account.prefix(home),
            str(program),
            "-D",
            str(target),
            "-U",
            "postgres",
            "-A",
            "scram-sha-256",
            "--pwfile",
            password.name,
            "--encoding",
            "UTF8",
            "--locale",
            "C.UTF-8",
            "--data-checksums",
        ]
        try:
            # It writes down the time zone that it is started in: that of a container, whoever types the command.
            process.output(argv, cwd=target.parent, env=inherited.pick() | {"TZ": "UTC"})
        except process.Failed as failure:
            raise EngineError(
                "initdb", failure.found, "a new database cluster", "df -h . ; ./invoke doctor", failure.log
            ) from None
