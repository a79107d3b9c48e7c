"""What the database says of its migrations and fixtures: one connection, a few reads, no change."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.data.endpoints import Endpoints
from slipway.data.migrations.files import Applied
from slipway.data.postgres import connection
from slipway.data.postgres.interface import Server
from slipway.errors import GateError

if TYPE_CHECKING:
    import psycopg

Look = tuple[Server, "dict[int, Applied] | None", dict[str, str], list[str]]


def look(ends: Endpoints) -> Look:
    """Server, history (None when unknown), loaded fixtures, and what golang-migrate's row contradicts."""
    import psycopg

    try:
        with connection.connect(ends.migrate_url, "MIGRATE_DATABASE_URL", timeout=2, purpose="slipway observe") as conn:
            return read(conn)
    except GateError as error:
        return Server(False, error.found, ""), None, {}, []
    except psycopg.Error as error:
        return Server(False, connection.reason(error), ""), None, {}, []


def read(conn: psycopg.Connection) -> Look:
    """What the tables of the history say; those that are missing say nothing."""
    from slipway.data.migrations import history

    version = conn.info.parameter_status("server_version") or ""
    server = Server(True, "", version.split(" ")[0])
    ours, seeds, mirror = conn.execute(
        "SELECT to_regclass('slipway.history') IS NOT NULL, to_regclass('slipway.fixtures') IS NOT NULL, "
        "to_regclass('public.schema_migrations') IS NOT NULL"
    ).fetchone()
    applied = history.read(conn) if ours else {}
    other = history.disagreement(conn, applied) if mirror else None
    return server, applied, history.read_fixtures(conn) if seeds else {}, [str(other)] if other else []
