"""The database that a restore fills, beside the live one: made, dropped when it fails, found again when it was killed."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from slipway.data.endpoints import Endpoints
from slipway.data.postgres import connection, scratch
from slipway.errors import BackupError, LockHeld

if TYPE_CHECKING:
    import psycopg

LONGEST = 63
PATIENCE = 2.0  # seconds
LOCK = 0x72657374  # "rest": one restore at a time over a database
MARK = "slipway restore over {}: may be dropped when no restore runs"
NAME = "{}_restore_{}"
ELSEWHERE = ("postgres", "template1")  # databases of any server, to work from on another one
# Of the database that was backed up, as CREATE DATABASE takes them.
LOCALE = {
    "libc": "",
    "icu": " LOCALE_PROVIDER icu ICU_LOCALE {}",
    "builtin": " LOCALE_PROVIDER builtin BUILTIN_LOCALE {}",
}


@dataclass
class Made:
    """A database being filled; what is `kept` is not dropped at the end of the block."""

    name: str
    notes: list[str] = field(default_factory=list)
    kept: bool = False


@contextmanager
def server(ends: Endpoints) -> Iterator[psycopg.Connection]:
    """A session on another database of the live server, as who may make and rename there; one restore at a time.

    Raises LockHeld when another restore over this database runs, BackupError when the role may make no database.
    """
    live = scratch.database_of(ends)
    with connect_beside(ends, live) as conn:
        conn.execute("SET ROLE NONE")
        user, may = conn.execute(
            "SELECT rolname, rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = session_user"
        ).fetchone()
        if not may:
            raise BackupError(
                f"role {user}",
                "may not create a database, and a restore needs a new one",
                "a role that may create databases",
                f'as an administrator of the server: ALTER ROLE "{user}" CREATEDB',
            )
        take(conn, live)
        yield conn
        conn.execute("SELECT pg_advisory_unlock_all()")  # at once, and not when the server notices that we left


def take(conn: psycopg.Connection, live: str) -> None:
    """The lock. One that was killed may take a moment until the server has noticed."""
    deadline = time.monotonic() + PATIENCE
    while not conn.execute("SELECT pg_try_advisory_lock(%s, hashtext(%s))", (LOCK, live)).fetchone()[0]:
        if time.monotonic() > deadline:
            raise LockHeld(
                f"database {live}",
                "another restore over it runs",
                "one at a time",
                "wait for it, then the same command again",
            )
        time.sleep(0.05)


def connect_beside(ends: Endpoints, live: str) -> psycopg.Connection:
    """A session in another database than the live one: nobody can rename the one that he is in."""
    if ends.admin_url and connection.parameters(ends.admin_url, "ADMIN_DATABASE_URL").get("dbname") != live:
        return scratch.maker(ends)
    import psycopg

    for name in ELSEWHERE:
        try:
            return connection.unhurried(
                connection.open_connection(
                    ends.admin_url or ends.migrate_url, "MIGRATE_DATABASE_URL", database=name, purpose="slipway restore"
                )
            )
        except psycopg.OperationalError as error:
            reason = connection.reason(error)
    raise BackupError("postgres", reason, f"a role that may connect to {' or '.join(ELSEWHERE)}", "./invoke status")


@contextmanager
def beside(conn: psycopg.Connection, ends: Endpoints, live: str, manifest: dict) -> Iterator[Made]:
    """A new empty database with the owner of the live one and the encoding and locale of the one that was backed up.

    It has a name of its own, by which the next restore knows it if this one is killed, and is dropped at the end, also
    after a signal, unless it is kept.
    """
    made = Made(NAME.format(shorten_name(live, 20), secrets.token_hex(4)))
    try:
        create(conn, made, live, owner(conn, ends, live), manifest)
        yield made
    finally:
        if not made.kept and not conn.closed:
            scratch.drop(conn, made.name)


def create(conn: psycopg.Connection, made: Made, live: str, owner: str, manifest: dict) -> None:
    """Where the server lacks the locale of then, that of its own template is taken, and said. Nobody else may enter."""
    import psycopg
    from psycopg import sql

    new = sql.Identifier(made.name)
    words = sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 ALLOW_CONNECTIONS false ENCODING {}").format(
        new, sql.Identifier(owner), sql.Literal(manifest["encoding"])
    )
    try:
        conn.execute(words + locale(manifest))
    except (
        psycopg.errors.WrongObjectType,
        psycopg.errors.InvalidParameterValue,
        psycopg.errors.UndefinedObject,
    ) as error:
        made.notes.append(f"sorted as this server does, which lacks the locale of then ({connection.reason(error)})")
        conn.execute(words)
    conn.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(new, sql.Literal(MARK.format(live))))
    conn.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(new))
    conn.execute(sql.SQL("ALTER DATABASE {} ALLOW_CONNECTIONS true").format(new))


def locale(manifest: dict):
    from psycopg import sql

    words = sql.SQL(" LC_COLLATE {} LC_CTYPE {}").format(
        sql.Literal(manifest["collate"]), sql.Literal(manifest["ctype"])
    )
    more = LOCALE.get(manifest.get("locale_provider") or "libc", "")
    return words + (
        sql.SQL(more).format(sql.Literal(manifest["locale"])) if more and manifest.get("locale") else sql.SQL("")
    )


def owner(conn: psycopg.Connection, ends: Endpoints, live: str) -> str:
    """Who owns the live database; where there is none, who owns what migrations make."""
    row = conn.execute("SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", (live,)).fetchone()
    return row[0] if row else scratch.owner_of(ends)


def exists(conn: psycopg.Connection, name: str) -> bool:
    return conn.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,)).fetchone() is not None


def drop_leftovers(conn: psycopg.Connection, live: str) -> list[str]:
    """Drops what restores that were killed left behind, which this one knows by the lock that it holds."""
    rows = conn.execute(
        "SELECT datname, shobj_description(oid, 'pg_database'), datallowconn FROM pg_database"
    ).fetchall()
    ours = re.compile(re.escape(NAME.format(shorten_name(live, 20), "")) + "[0-9a-f]{8}")
    # Between its creation and its mark it lets nobody in.
    names = [
        name
        for name, mark, open_ in rows
        if ours.fullmatch(name) and (mark == MARK.format(live) or (mark is None and not open_))
    ]
    for name in names:
        scratch.drop(conn, name)
    return [f"database {name}: half-made by a restore that was cut short, dropped" for name in names]


def shorten_name(name: str, room: int) -> str:
    """A name with so many bytes left for what is appended to it."""
    return name.encode()[: LONGEST - room].decode(errors="ignore")
