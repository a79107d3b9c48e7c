"""A server of our own for a throwaway database, where the role may not make one on the live server."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.data.endpoints import Endpoints, Secret
from slipway.data.postgres import cluster, connection, membership, shared
from slipway.data.postgres import programs as postgres_programs
from slipway.errors import MigrationError, SettingsError

if TYPE_CHECKING:
    import psycopg

PROGRAMS = cluster.PROGRAMS
PREFIX = "slipway-server-"


def programs(ends: Endpoints, major: int) -> Path | None:
    """Where the server's own programs are, or nowhere."""
    try:
        return postgres_programs.folder(ends, major, *PROGRAMS)
    except SettingsError:
        return None


@contextmanager
def running(ends: Endpoints, folder: Path, live: psycopg.Connection) -> Iterator[Endpoints]:
    """Endpoints of a fresh server with the live one's roles, on a socket that only this user reaches; then it is gone.

    Raises MigrationError when it does not start.
    """
    with cluster.running(folder, Path(tempfile.gettempdir()), PREFIX, refusal) as place:
        beside = at(ends, place)
        copy_roles(live, beside)
        yield beside


def refusal(said: str) -> MigrationError:
    return MigrationError(
        "throwaway server of the rehearsal",
        said,
        "a server in a temporary directory",
        "make room in the temporary directory, or let the role make databases: ALTER ROLE … CREATEDB",
    )


def at(ends: Endpoints, place: str) -> Endpoints:
    """The same endpoints on that server: its superuser as administrator, the migrating role under its own name."""
    from psycopg.conninfo import make_conninfo

    given = connection.parameters(ends.migrate_url, "MIGRATE_DATABASE_URL")
    names = {key: given[key] for key in ("user", "dbname") if key in given}
    return dataclasses.replace(
        ends,
        admin_url=Secret(make_conninfo(host=place, user=cluster.ADMIN, dbname="postgres")),
        migrate_url=Secret(make_conninfo(host=place, **names)),
    )


def copy_roles(live: psycopg.Connection, beside: Endpoints) -> None:
    """The live server's roles by name, with what they are members of and what they inherit; grants and policies name them.

    Those that databases share are made as well, for a migration may make them on the live server and not here.
    """
    from psycopg import sql

    roles = live.execute(
        "SELECT rolname, rolcanlogin, rolbypassrls, rolinherit FROM pg_roles WHERE rolname !~ '^pg_'"
    ).fetchall()
    members = live.execute(membership.ALL if membership.can_choose(live) else membership.ALL_BEFORE).fetchall()
    with connection.connect(beside.admin_url, "throwaway server", purpose="slipway throwaway") as conn:
        for name, *attributes in roles:
            words = [
                word if on else f"NO{word}"
                for word, on in zip(("LOGIN", "BYPASSRLS", "INHERIT"), attributes, strict=True)
            ]
            conn.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(name), sql.SQL(" ".join(words))))
        for role in shared.missing(conn):
            shared.make(conn, role)
        there = {row[0] for row in conn.execute("SELECT rolname FROM pg_roles")}
        for group, member, inherits, acts in members:
            if group in there:
                membership.grant(conn, group, member, inherits, acts)
