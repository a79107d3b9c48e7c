"""A database beside the live one that is filled, used and dropped again, whatever happens in between."""

from __future__ import annotations

import dataclasses
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from slipway.data.endpoints import Endpoints, Secret
from slipway.data.postgres import connection, grants, role_spec, roles, scratch_server
from slipway.errors import MigrationError

if TYPE_CHECKING:
    import psycopg

LONGEST = 63
MARK = "slipway throwaway of {}: may be dropped when nobody is connected"
NAME = "{}_rehearsal_{}"
# PostgreSQL manual, CREATE DATABASE; the column of the provider's locale has another name before 17.
LIKE = """
SELECT pg_get_userbyid(datdba), format('ENCODING %%L LC_COLLATE %%L LC_CTYPE %%L', pg_encoding_to_char(encoding),
    datcollate, datctype) || CASE datlocprovider WHEN 'i' THEN ' LOCALE_PROVIDER icu ICU_LOCALE ' || quote_literal(
        coalesce(to_jsonb(d) ->> 'datlocale', to_jsonb(d) ->> 'daticulocale'))
    WHEN 'b' THEN ' LOCALE_PROVIDER builtin BUILTIN_LOCALE ' || quote_literal(to_jsonb(d) ->> 'datlocale') ELSE '' END
FROM pg_database d WHERE datname = %s
"""


@contextmanager
def database(ends: Endpoints) -> Iterator[Endpoints]:
    """The endpoints of an empty database of our own, with the live one's owner and settings.

    On the same server where a role of ours may make one, else on a server of our own, where its programs are here; its
    administrator then is in `admin_url`. Raises MigrationError with the GRANT where there is neither.
    """
    live = database_of(ends)
    with connection.told(MigrationError, f"throwaway database of {live}"), maker(ends) as conn:
        conn.execute("SET ROLE NONE")
        user, may = conn.execute(
            "SELECT rolname, rolcreatedb OR rolsuper FROM pg_roles WHERE rolname = session_user"
        ).fetchone()
        folder = None if may else scratch_server.programs(ends, conn.info.server_version // 10000)
        if may:
            with beside(ends, live, conn) as made:
                yield made
        elif folder:
            with scratch_server.running(ends, folder, conn) as there, maker(there) as own:
                own_database(own, ends, live)
                yield there
        else:
            raise may_not(user)


@contextmanager
def beside(ends: Endpoints, live: str, conn: psycopg.Connection) -> Iterator[Endpoints]:
    """A database on the live server. It is dropped at the end, also after a signal; what a killed run left behind is
    dropped at the beginning."""
    for stale in leftovers(conn, live):
        drop(conn, stale)
    name = NAME.format(live.encode()[: LONGEST - 20].decode(errors="ignore"), secrets.token_hex(4))
    try:
        create(conn, ends, live, name)
        yield at(ends, name)
    finally:
        if not conn.closed:
            drop(conn, name)


def own_database(conn: psycopg.Connection, ends: Endpoints, live: str) -> None:
    """A database of the live one's name on a server that is ours alone."""
    from psycopg import sql

    conn.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(sql.Identifier(live), sql.Identifier(owner_of(ends))))


def owner_of(ends: Endpoints) -> str:
    """Who owns what migrations make where nobody set up roles for us."""
    return ends.database_owner or connection.parameters(ends.migrate_url, "MIGRATE_DATABASE_URL").get("user", "")


def database_of(ends: Endpoints) -> str:
    given = connection.parameters(ends.migrate_url, "MIGRATE_DATABASE_URL")
    return given.get("dbname") or given.get("user", "")


def maker(ends: Endpoints, database: str = "") -> psycopg.Connection:
    """A session of whoever makes databases here: the administrator of a bundled server, else the migrating role."""
    url, where = (
        (ends.admin_url, "ADMIN_DATABASE_URL") if ends.admin_url else (ends.migrate_url, "MIGRATE_DATABASE_URL")
    )
    return connection.unhurried(connection.connect(url, where, database=database, purpose="slipway throwaway"))


def at(ends: Endpoints, name: str) -> Endpoints:
    """The same endpoints, with the migrating role on another database; the app's stays, it names the roles."""
    from psycopg.conninfo import make_conninfo

    given = connection.parameters(ends.migrate_url, "MIGRATE_DATABASE_URL") | {"dbname": name}
    return dataclasses.replace(ends, migrate_url=Secret(make_conninfo(**given)))


def may_not(user: str) -> MigrationError:
    return MigrationError(
        f"role {user}",
        "may not create a database, and a rehearsal needs one of its own; the "
        "programs of a server to make one elsewhere are not here either",
        "a role that may create databases",
        f'as an administrator of the server: ALTER ROLE "{user}" CREATEDB',
    )


def leftovers(conn: psycopg.Connection, live: str) -> list[str]:
    """Throwaways of this database that nobody uses: both name and comment are ours."""
    rows = conn.execute(
        "SELECT datname FROM pg_database d WHERE shobj_description(d.oid, 'pg_database') = %s AND NOT EXISTS (SELECT "
        "FROM pg_stat_activity a WHERE a.datid = d.oid) AND NOT EXISTS (SELECT FROM pg_locks l WHERE l.locktype = "
        "'advisory' AND l.granted AND l.objsubid = 2 AND l.classid = %s AND l.objid::bigint = "
        "hashtext(d.datname)::bigint & 4294967295)",
        (MARK.format(live), roles.LOCK),
    ).fetchall()
    return [name for (name,) in rows if re.search(r"_rehearsal_[0-9a-f]{8}$", name)]


def create(conn: psycopg.Connection, ends: Endpoints, live: str, name: str) -> None:
    """An empty database with the live one's owner, encoding, locale and settings, closed to everybody else.

    An advisory lock is held meanwhile, so that no other rehearsal takes it for a leftover.
    """
    from psycopg import sql

    conn.execute("SELECT pg_advisory_lock(%s, hashtext(%s))", (roles.LOCK, name))
    owner, locale = conn.execute(LIKE, (live,)).fetchone()
    new = sql.Identifier(name)
    conn.execute(
        sql.SQL("CREATE DATABASE {} OWNER {} TEMPLATE template0 {}").format(
            new, sql.Identifier(owner if ends.admin_url else owner_of(ends)), sql.SQL(locale)
        )
    )
    conn.execute(sql.SQL("COMMENT ON DATABASE {} IS {}").format(new, sql.Literal(MARK.format(live))))
    conn.execute(sql.SQL("REVOKE ALL ON DATABASE {} FROM PUBLIC").format(new))
    for setting, value in settings(conn, live):
        conn.execute(sql.SQL("ALTER DATABASE {} SET {} = {}").format(new, sql.Identifier(setting), value))


def settings(conn: psycopg.Connection, live: str) -> list[tuple[str, object]]:
    """What ALTER DATABASE … SET says of the live database; lists are quoted there already."""
    from psycopg import sql

    rows = conn.execute(
        "SELECT unnest(setconfig) FROM pg_db_role_setting s JOIN pg_database d "
        "ON d.oid = s.setdatabase WHERE d.datname = %s AND s.setrole = 0",
        (live,),
    ).fetchall()
    pairs = [row[0].split("=", 1) for row in rows]
    return [(name, sql.SQL(value) if name == "search_path" and value else sql.Literal(value)) for name, value in pairs]


def furnish(ends: Endpoints, live: str) -> None:
    """What a bundled database has before its first migration: grants, default privileges and statistics."""
    with maker(ends, database_of(ends)) as conn:
        split = role_spec.split(live)
        grants.ensure_public(conn, split)
        grants.ensure_large_objects(conn, split)
        grants.ensure_defaults(conn, split)
        roles.ensure_statistics(conn)


def drop(conn: psycopg.Connection, name: str) -> None:
    """Drops a throwaway and ends whoever is still in it."""
    from psycopg import sql

    conn.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))
