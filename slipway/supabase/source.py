"""The project's database, opened for reading alone, as of one moment."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from slipway.data.endpoints import Secret
from slipway.data.postgres import connection
from slipway.errors import GateError, SettingsError
from slipway.system import transient

if TYPE_CHECKING:
    import psycopg

WHERE = "SUPABASE_DB_URL"
POOLED = 6543  # Supavisor's port in transaction mode: sessions, snapshots and pg_dump do not hold there
DIRECT = re.compile(r"db\.[a-z0-9]+\.supabase\.(co|in|red)")
NO_WAY = re.compile(
    "network is unreachable|address family|could not translate host name|name or service not known", re.I
)
READABLE = """
SELECT has_schema_privilege(n.oid, 'USAGE') AND has_table_privilege(c.oid, 'SELECT')
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = %s AND c.relname = %s
"""
# What a dump needs to read and this role may not: by rights, or for row level security, past which pg_dump must read.
BLIND = """
SELECT format('%%I.%%I', n.nspname, c.relname) FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'S') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND n.nspname <> ALL (%s)
    AND (NOT has_schema_privilege(n.oid, 'USAGE') OR NOT has_table_privilege(c.oid, 'SELECT')
        OR (c.relkind <> 'S' AND row_security_active(c.oid)))
ORDER BY 1
"""
POOLER = "the session pooler's address, port 5432: dashboard, Connect, Session pooler"


@contextmanager
def snapshot(url: Secret) -> Iterator[psycopg.Connection]:
    """A session inside one read-only transaction: all that it reads is of one moment, and it cannot write.

    Names come with their schema. Raises SettingsError for an address that cannot do this, GateError with the server's
    answer where it lets nobody in.
    """
    refuse_pooled(url)
    with open_source(url) as conn, connection.told(GateError, WHERE):
        conn.execute("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
        conn.execute("SET LOCAL statement_timeout = 0")
        conn.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        conn.execute("SET LOCAL search_path = ''")
        conn.execute("SET LOCAL jit = off")  # compiling a question to the catalogs takes longer than its answer
        yield conn


def open_source(url: Secret) -> psycopg.Connection:
    import psycopg

    try:
        return transient.again(
            lambda: connection.open_connection(url, WHERE, timeout=15, purpose="slipway supabase"),
            connection.not_let_in,
            transient.CONNECTING,
        )
    except psycopg.OperationalError as error:
        raise GateError(WHERE, connection.reason(error), *mend(url, error)) from None


def refuse_pooled(url: Secret) -> None:
    """Raises SettingsError where no project is set, and for the port of the transaction pooler."""
    if not url:
        raise SettingsError(
            WHERE,
            "not set where the data is",
            "the project's database: dashboard, Connect",
            f"set {WHERE} in .env; ./invoke up",
        )
    if connection.parameters(url, WHERE).get("port") == str(POOLED):
        raise SettingsError(
            WHERE, f"port {POOLED}, the transaction pooler: it keeps no snapshot", POOLER, f"edit {WHERE} in .env"
        )


def mend(url: Secret, error: Exception) -> tuple[str, str]:
    """What is expected, and what to do: the direct address of a hosted project is IPv6 alone, which many networks lack."""
    if DIRECT.fullmatch(connection.parameters(url, WHERE).get("host", "")) and NO_WAY.search(str(error)):
        return f"a network with IPv6, which this address needs, or {POOLER}", f"edit {WHERE} in .env"
    return "a server that lets this role in", f"edit {WHERE} in .env: dashboard, Connect"


def readable(conn: psycopg.Connection, relation: str) -> bool | None:
    """Whether this role may read a table, given as schema.name without quotes; None where there is none."""
    schema, _, name = relation.partition(".")
    row = conn.execute(READABLE, (schema, name)).fetchone()
    return row[0] if row else None


def refuse_blind(conn: psycopg.Connection, without: tuple[str, ...]) -> None:
    """Raises SettingsError where this role does not read every row of every table that a copy needs."""
    hidden = [name for (name,) in conn.execute(BLIND, [list(without)])]
    if hidden:
        raise SettingsError(
            WHERE,
            f"role {conn.info.user} does not read all of {hidden[0]}"
            + (f" and {len(hidden) - 1} others" if hidden[1:] else ""),
            "role postgres of the project, which reads every table past row level security",
            f"edit {WHERE} in .env: dashboard, Connect",
            tuple(hidden[1:]),
        )


def refuse_newer(major: int, server: int) -> None:
    """Raises SettingsError where the project's server is newer than the one that its copy would be on."""
    if major > server:
        raise SettingsError(
            "the project's server",
            f"PostgreSQL {major}, and the target has {server}",
            f"PostgreSQL {major} or newer",
            f"POSTGRES_VERSION={major} in .env, before anything is in it",
        )
