"""The verbs of `db` as an operator types them: on the stack's own database, and on one that is somebody else's."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
import pytest

from tests.support import db_verbs, services
from tests.support.waiting import PATIENCE, until
from tests.support.working_copy import WorkingCopy

PASSWORD = "ex:ternal/p@ss w'rd"
WAITS = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = 901 AND NOT granted)"


def typed(copy: WorkingCopy) -> db_verbs.Invoke:
    def invoke(*words: str, **env: str) -> tuple[int, str]:
        done = copy.invoke(*words, **env)
        return done.returncode, done.stdout + done.stderr

    return invoke


def test_on_the_database_of_the_stack(running) -> None:
    db_verbs.walk(running.root, typed(running), lambda query: running.psql(query, "migrate"))


def test_of_two_migrates_at_once_one_waits_and_both_succeed(running) -> None:
    """The first is held in its file until the second has the lock's file open; one that may not wait is refused."""
    folder, before = running.root / "migrations", running.psql("SELECT version FROM schema_migrations")
    (folder / "901_held.up.sql").write_text("SELECT pg_advisory_xact_lock(901);\nCREATE TABLE held (id int);\n")
    (folder / "901_held.down.sql").write_text("DROP TABLE held;\n")
    try:
        with psycopg.connect(running.database_url("postgres"), autocommit=True) as holder:
            holder.execute("SELECT pg_advisory_lock(901)")
            first = running.start("db.migrate", env={"MIGRATE_LOCK_TIMEOUT": "60s"})
            until(lambda: running.psql(WAITS) == "True", "the first is in its file")
            refused = running.invoke("db.migrate", "--wait", "0")
            second = running.start("db.migrate")
            until(lambda: waits_for_lock(running, second.pid), "the second waits")
        told = [child.communicate(timeout=PATIENCE) for child in (first, second)]
        assert (first.returncode, second.returncode, refused.returncode) == (0, 0, 3), told
        assert "1 applied" in told[0][0] and "0 applied" in told[1][0]
    finally:
        running.invoke("db.goto", "--version", before)
        for path in folder.glob("901_held*"):
            path.unlink()


def waits_for_lock(copy: WorkingCopy, pid: int) -> bool:
    return str(copy.home / "lock") in [each.path for each in psutil.Process(pid).open_files()]


@pytest.fixture
def external() -> Iterator[str]:
    """The URL of a database on a server that the stack did not start, as a role that owns it and may do no more."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-external-"))
    folder.chmod(0o755)
    server = services.make_postgres(folder)
    try:
        server.start_and_wait()
        admin = f"postgresql://postgres:{quote(services.ADMIN_PASSWORD, safe='')}@127.0.0.1:{server.port}/postgres"
        with psycopg.connect(admin, autocommit=True) as conn:
            conn.execute(psycopg.sql.SQL("CREATE ROLE team LOGIN PASSWORD {}").format(PASSWORD))
            # Which this one may not make, as ./invoke db.roles says it.
            for role in ("anon", "authenticated", "service_role BYPASSRLS", "supabase_auth_admin"):
                conn.execute(f"CREATE ROLE {role}")
            conn.execute("GRANT anon, authenticated, supabase_auth_admin TO team WITH INHERIT FALSE, SET TRUE")
            conn.execute("CREATE DATABASE team OWNER team")
        yield f"postgresql://team:{quote(PASSWORD, safe='')}@127.0.0.1:{server.port}/team"
    finally:
        server.server.stop()
        shutil.rmtree(folder)


def test_on_an_external_database(fresh, external: str) -> None:
    def value(query: str) -> str:
        with psycopg.connect(external, autocommit=True) as conn:
            rows = conn.execute(query)
            return "" if rows.description is None else str(rows.fetchone()[0])

    fresh.env = {"POSTGRES": "external", "DATABASE_URL": external}
    assert PASSWORD not in fresh.up()
    assert fresh.titles() and "postgres" not in fresh.pids
    db_verbs.walk(fresh.root, typed(fresh), value)
    assert fresh.invoke("up").returncode == 0 and fresh.titles()
