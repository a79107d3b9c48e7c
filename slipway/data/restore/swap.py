"""Two databases change places in one transaction: whoever connects meets either the old one or the new one.

ALTER DATABASE … RENAME takes a lock that new sessions wait for and is undone with its transaction, so there is no moment
between the two renames at which anybody, or a crash, could find neither.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from slipway.data.postgres import connection
from slipway.data.restore import people, place
from slipway.errors import BackupError

if TYPE_CHECKING:
    import psycopg

OLD = "{}_before_restore_{}"
KEPT = "slipway: {} as it was before the restore of {}"
PATIENCE = 0.05  # seconds between two rounds of ending sessions


def swap(
    conn: psycopg.Connection, other: psycopg.Connection, live: str, made: place.Made, source: str, properties: list[str]
) -> str | None:
    """The new database takes the live one's name, which is kept under another: its name, or None where there was none.

    `other` is a second session, which ends whoever is in the live database. Raises BackupError when somebody in there
    cannot be ended: then nothing has changed.
    """
    from psycopg import sql

    new, now = sql.Identifier(made.name), sql.Identifier(live)
    old = old_name(conn, live) if place.exists(conn, live) else None
    with translate_errors(live), keep_emptied(other, [live, made.name]), conn.transaction():
        conn.execute(sql.SQL("COMMENT ON DATABASE {} IS NULL").format(new))
        for statement in properties:
            conn.execute(statement)
        if old:
            conn.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(now, sql.Identifier(old)))
            conn.execute(
                sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                    sql.Identifier(old), sql.Literal(KEPT.format(live, source))
                )
            )
        conn.execute(sql.SQL("ALTER DATABASE {} RENAME TO {}").format(new, now))
        made.kept = True
    return old


def name(conn: psycopg.Connection, other: psycopg.Connection, made: place.Made, wanted: str, source: str) -> None:
    """The new database takes the name that was asked for; until then it bears the one of a half-made restore."""
    from psycopg import sql

    with translate_errors(wanted), keep_emptied(other, [made.name]), conn.transaction():
        conn.execute(
            sql.SQL("COMMENT ON DATABASE {} IS {}").format(
                sql.Identifier(made.name), sql.Literal(f"restored from {source}")
            )
        )
        conn.execute(
            sql.SQL("ALTER DATABASE {} RENAME TO {}").format(sql.Identifier(made.name), sql.Identifier(wanted))
        )
        made.name, made.kept = wanted, True


@contextmanager
def translate_errors(live: str) -> Iterator[None]:
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        detail = getattr(error.diag, "message_detail", None) or ""
        raise BackupError(
            f"database {live}",
            f"{connection.reason(error)} {detail}".strip(),
            "to be alone in it for a moment; it was not touched",
            "SELECT * FROM pg_stat_activity, pg_prepared_xacts: end what is left, then try again",
        ) from None


def old_name(conn: psycopg.Connection, live: str) -> str:
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    name = OLD.format(place.shorten_name(live, len(OLD.format("", stamp)) + 3), stamp)
    taken = {row[0] for row in conn.execute("SELECT datname FROM pg_database")}
    return next(each for each in (name, *(f"{name}-{number}" for number in range(2, 100))) if each not in taken)


@contextmanager
def keep_emptied(other: psycopg.Connection, names: list[str]) -> Iterator[None]:
    """Ends sessions in these databases while the block runs, again and again: pools come back at once."""
    done = threading.Event()
    ended = threading.Thread(target=end_sessions, args=(other, names, done), daemon=True)
    ended.start()
    try:
        yield
    finally:
        done.set()
        ended.join()


def end_sessions(other: psycopg.Connection, names: list[str], done: threading.Event) -> None:
    import psycopg

    while not done.is_set():
        try:
            other.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = ANY(%s) "
                "AND pg_has_role(usesysid, 'MEMBER')",
                (names,),
            )
        except psycopg.Error:
            return  # not ours to end: the rename says so
        done.wait(PATIENCE)


def properties(script: str, database: str, new: str) -> list[str]:
    """Settings of, comment and grants on the database that was backed up, as statements about the new one.

    Both names are quoted identifiers.
    """
    told = re.compile(
        rf"(?m)^(?:ALTER DATABASE {re.escape(database)} SET .*|COMMENT ON DATABASE {re.escape(database)} IS .*|"
        rf"ALTER ROLE {people.NAME} IN DATABASE {re.escape(database)} SET .*|"
        rf"(?:GRANT|REVOKE) .* ON DATABASE {re.escape(database)} (?:TO|FROM) .*);$"
    )
    found = [match.group().replace(f"DATABASE {database} ", f"DATABASE {new} ", 1) for match in told.finditer(script)]
    closed = any(statement.startswith("REVOKE") for statement in found)
    return found if closed else [f"GRANT CONNECT, TEMPORARY ON DATABASE {new} TO PUBLIC;", *found]


def list_kept(conn: psycopg.Connection, live: str) -> list[tuple[str, int]]:
    """What restores have kept of this database: name and bytes, oldest first."""
    rows = conn.execute(
        "SELECT datname, pg_database_size(oid) FROM pg_database d WHERE datname LIKE %s AND "
        "starts_with(shobj_description(d.oid, 'pg_database'), %s) ORDER BY right(datname, 20), datname",
        (r"%\_before\_restore\_%", KEPT.format(live, "")),
    ).fetchall()
    return rows
