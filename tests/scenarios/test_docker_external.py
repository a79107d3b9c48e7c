"""A stack whose Postgres is somebody else's, and older than the programs in the ops image."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from tests.support import services
from tests.support.clone import Clone

pytestmark = pytest.mark.scenario

PASSWORD = "managed-p%40ss"  # as a URL has it
HASH = "SELECT count(*), sum(('x' || substr(md5(tasks::text), 1, 15))::bit(60)::bigint) FROM tasks"


@contextmanager
def managed(address: str) -> Iterator[tuple[str, str]]:
    """A server before 18 that containers reach: the URLs of its superuser and of the role that owns the database."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-managed-"))
    folder.chmod(0o755)
    server = services.make_postgres(folder, services.older_postgres_bin(), f"127.0.0.1,{address}")
    try:
        with (folder / "pgdata" / "pg_hba.conf").open("a") as rules:
            rules.write("host all team,team_app all scram-sha-256\n")
        server.start_and_wait()
        admin = f"postgresql://postgres:{quote(services.ADMIN_PASSWORD, safe='')}@127.0.0.1:{server.port}"
        with psycopg.connect(f"{admin}/postgres", autocommit=True) as conn:
            conn.execute("CREATE ROLE team LOGIN CREATEDB CREATEROLE PASSWORD 'managed-p@ss'")
            conn.execute("CREATE DATABASE team OWNER team")
        yield f"{admin}/team", f"postgresql://team:{PASSWORD}@{address}:{server.port}/team"
    finally:
        server.server.stop()
        shutil.rmtree(folder)


def test_an_older_external_server_is_backed_up_drilled_restored_and_rehearsed_on(fresh: Clone, gateway: str):
    with managed(gateway) as (admin, url):

        def value(query: str) -> tuple | None:
            with psycopg.connect(admin, autocommit=True) as conn:
                done = conn.execute(query)
                return done.fetchone() if done.description else None

        fresh.settle(POSTGRES="external", DATABASE_URL=url)
        assert "row level security does not hold" in fresh.succeed("up") and "owns its tables" in fresh.succeed(
            "status"
        )
        before, page = value(HASH), fresh.get("/api/v1/tasks?limit=100")
        fresh.succeed("backup")
        assert "restored on 18" in fresh.succeed("backups.drill")
        value("DELETE FROM tasks")
        assert "as its manifest says" in fresh.succeed("restore", "latest", "--yes")
        assert value(HASH) == before and fresh.get("/api/v1/tasks?limit=100") == page
        (fresh.root / "migrations" / "905_labels.up.sql").write_text("CREATE TABLE labels (id bigint PRIMARY KEY);\n")
        assert "1 file went up on a copy." in fresh.succeed("db.rehearse")
        assert "0 differences" in fresh.succeed("db.drift")
        lay_down_least_rights(fresh, url)
        assert value(HASH) == before and fresh.get("/api/v1/tasks?limit=100") == page
        fresh.succeed("down", "--volumes", "--yes")


def lay_down_least_rights(stack: Clone, url: str) -> None:
    """As `db.roles` says it: the app becomes a role that owns nothing, and nobody has to say so any more."""
    said = stack.succeed("db.roles")
    secret = stack.setting("POSTGRES_APP_PASSWORD")
    assert "DATABASE_URL=postgresql://team_app:PASSWORD@" in said and secret not in said
    stack.settle(MIGRATE_DATABASE_URL=url, DATABASE_URL=url.replace(f"team:{PASSWORD}", f"team_app:{secret}"))
    assert "row level security" not in stack.succeed("up") + stack.succeed("status")
    assert "Put into" not in stack.succeed("db.roles")
