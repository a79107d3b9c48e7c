"""Connections to Postgres: libpq's own reading of URLs, and its failures as one short line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from slipway.data.endpoints import Secret, need
from slipway.errors import GateError, SettingsError, SlipwayError
from slipway.system import transient

if TYPE_CHECKING:
    import psycopg

OLDEST = 15  # major version; before it the catalogs lack what backups and comparisons ask for
NEWEST_TIMEOUT = 170000  # version of the server that has the last of these
TIMEOUTS = ("statement_timeout", "idle_in_transaction_session_timeout", "idle_session_timeout", "transaction_timeout")
# Its own names, for what stands in the URL may be a password.
OF_GOLANG_MIGRATE = re.compile(
    r"[?&](x-(?:migrations-table(?:-quoted)?|statement-timeout|multi-statement(?:-max-size)?|"
    r"lock-(?:strategy|table)))="
)
URL_FORM = "postgresql://user:password@host:5432/database, special characters of the password percent-encoded"
REFUSED = re.compile(r"password authentication failed|no password supplied|no pg_hba.conf entry", re.I)
LOGS = "./invoke logs -s postgres"
ABSENT = re.compile(r'(role|database) "[^"]*" does not exist', re.I)


def identifier(name: str) -> str:
    """A name as SQL text."""
    from psycopg import sql

    return sql.Identifier(name).as_string(None)


def literal(value: object) -> str:
    """A value as SQL text, right under each setting of standard_conforming_strings."""
    if isinstance(value, str) and value.isalnum() and value.isascii():
        return f"'{value}'"  # most are hashes and words, and there are several for each file
    from psycopg import sql

    return sql.Literal(value).as_string(None)


def parameters(url: Secret, where: str) -> dict[str, str]:
    """What libpq reads out of the URL or conninfo text. Raises SettingsError without showing any of it."""
    from psycopg import ProgrammingError
    from psycopg.conninfo import conninfo_to_dict

    need(url, where, URL_FORM)
    try:
        return {key: str(value) for key, value in conninfo_to_dict(url.value).items() if value is not None}
    except ProgrammingError:
        # libpq quotes the broken part of the URL in its message, and that part may be the password.
        if option := OF_GOLANG_MIGRATE.search(url.value):
            raise SettingsError(
                where,
                f"{option[1]} in the URL: an option of golang-migrate",
                "a URL without it; migrations are recorded in public.schema_migrations",
                f"take {option[1]} out of {where} in .env",
            ) from None
        raise SettingsError(where, "libpq cannot read this URL", URL_FORM, f"edit {where} in .env") from None


def open_connection(
    url: Secret, where: str, *, database: str = "", timeout: int = 5, purpose: str = "slipway"
) -> psycopg.Connection:
    """A connection in autocommit mode with UTF-8 text, direct statements and our application name.

    Raises psycopg.OperationalError as it comes: gates read it; `connect` makes a sentence of it. Raises SettingsError
    for a server that is too old.
    """
    import psycopg

    given = parameters(url, where) | ({"dbname": database} if database else {})
    given |= {"connect_timeout": str(timeout), "application_name": purpose, "client_encoding": "utf8"}
    conn = psycopg.connect(**given, autocommit=True, prepare_threshold=None)
    if (major := conn.info.server_version // 10000) < OLDEST:
        conn.close()
        raise SettingsError(
            where,
            f"PostgreSQL {major}",
            f"a server of PostgreSQL {OLDEST} or newer",
            "upgrade that server; nothing was changed",
        )
    return conn


def connect(
    url: Secret, where: str, *, database: str = "", timeout: int = 5, purpose: str = "slipway"
) -> psycopg.Connection:
    """`open_connection`, asked again while the server is about to let somebody in, or a GateError with its answer."""
    import psycopg

    def enter() -> psycopg.Connection:
        return open_connection(url, where, database=database, timeout=timeout, purpose=purpose)

    try:
        return transient.again(enter, not_let_in, transient.CONNECTING)
    except psycopg.OperationalError as error:
        raise GateError(
            f"postgres ({where})", reason(error), "a server that lets this role in", "./invoke status"
        ) from None


def not_let_in(error: Exception) -> str:
    """The server's words where it lets nobody in for the moment, or an empty text."""
    found = transient.NOT_LET_IN.search(str(error))
    return found[0] if found else ""


def unhurried(conn: psycopg.Connection) -> psycopg.Connection:
    """The session, which no setting of its role ends: it may work long, and wait long for work elsewhere."""
    conn.execute("; ".join(f"SET {name} = 0" for name in timeouts(conn)))
    return conn


def timeouts(conn: psycopg.Connection) -> tuple[str, ...]:
    """The settings that end a session or what it does, as far as the server knows them."""
    return TIMEOUTS if conn.info.server_version >= NEWEST_TIMEOUT else TIMEOUTS[:-1]


@contextmanager
def told(kind: type[SlipwayError], where: str, mend: str = LOGS) -> Iterator[None]:
    """Turns what the database refuses inside the block into an error of that kind, with what to type next."""
    import psycopg

    try:
        yield
    except psycopg.Error as error:
        raise kind(where, reason(error), "a server that stays and a role that may do this", mend) from None


def reason(error: Exception) -> str:
    """Why, on one line: the server's own message, or the last thing that libpq said, without the address boilerplate."""
    if (diag := getattr(error, "diag", None)) and diag.message_primary:
        return re.sub(r"\s+", " ", diag.message_primary)[:300]
    found = (line.strip() for line in str(error).splitlines())
    lines = [line for line in found if line and not line.startswith("CONTEXT:")] or [type(error).__name__]
    said = [line for line in lines if "failed:" in line or "FATAL" in line or "ERROR" in line] or lines
    text = re.sub(r"^.*?connection to server .*?, port \d+ failed: ", "", said[-1])
    return re.sub(r"\s+", " ", re.sub(r"^(- )?(FATAL|ERROR):\s*", "", text))[:300]


def refuses_for_good(error: Exception) -> bool:
    """Whether waiting cannot help: the password, the role or the database is wrong, not the moment."""
    return bool(REFUSED.search(str(error)) or ABSENT.search(str(error)))
