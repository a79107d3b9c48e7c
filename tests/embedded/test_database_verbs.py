"""The verbs of `db` as an operator types them: on the stack's own database, and on one that is somebody else's."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import psycopg
import pytest

from tests import db_verbs
from tests.embedded.data import services
from tests.embedded.working_copy import WorkingCopy

PASSWORD = "ex:ternal/p@ss w'rd"


def typed(copy: WorkingCopy) -> db_verbs.Invoke:
    def invoke(*words: str, **env: str) -> tuple[int, str]:
        done = copy.invoke(*words, **env)
        return done.returncode, done.stdout + done.stderr

    return invoke


def test_on_the_database_of_the_stack(running) -> None:
    db_verbs.walk(running.root, typed(running), lambda query: running.psql(query, "migrate"))


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
