"""What the tests of backups share: the endpoints of a stack, and a dump restored by pg_restore alone."""

from __future__ import annotations

import subprocess
from pathlib import Path

from slipway.data import endpoints
from slipway.data.backups import manifest
from tests.embedded.data import services


def ends_of(stack) -> endpoints.Endpoints:
    return endpoints.read(stack.env)


def restored(stack, path: Path, name: str):
    """The dump in a new database, by pg_restore alone; a connection to it."""
    import psycopg

    with stack.connect_admin() as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    url = stack.url("postgres", services.ADMIN_PASSWORD, name)
    done = subprocess.run([services.postgres_bin() / "pg_restore", "--exit-on-error", "-d", url, path / manifest.DUMP],
                          capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return psycopg.connect(url, autocommit=True)
