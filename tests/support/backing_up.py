"""What the tests of backups share: the endpoints of a stack, backups of another day, a dump restored by pg_restore alone."""

from __future__ import annotations

import json
import subprocess
from datetime import UTC, datetime, timedelta
from pathlib import Path

from slipway.data import endpoints
from slipway.data.backups import folder, manifest
from tests.support import services


def ends_of(stack) -> endpoints.Endpoints:
    return endpoints.read(stack.env)


def dated(stack, identity: str, ago: timedelta, proven: bool = False) -> None:
    """Makes a backup look as if it had been taken then, and perhaps drilled."""
    path = folder.find(endpoints.read(stack.env), identity)
    content = manifest.read(path)
    del content["format"]
    at = (datetime.now(UTC) - ago).strftime("%Y-%m-%dT%H:%M:%SZ")
    manifest.write(path, content | {"begun": at, "ended": at})
    if proven:
        (path / manifest.EVIDENCE).write_text(json.dumps({"at": at, "ok": True, "seconds": 1.0, "checks": []}))


def restored(stack, path: Path, name: str):
    """The dump in a new database, by pg_restore alone; a connection to it."""
    import psycopg

    with stack.connect_admin() as conn:
        conn.execute(f"CREATE DATABASE {name} TEMPLATE template0")
    url = stack.url("postgres", services.ADMIN_PASSWORD, name)
    done = subprocess.run(
        [services.postgres_bin() / "pg_restore", "--exit-on-error", "-d", url, path / manifest.DUMP],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return psycopg.connect(url, autocommit=True)
