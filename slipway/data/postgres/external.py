"""A database that somebody else runs: what the app's role may there beyond rows, and the role that may no more."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.data.endpoints import Emit, Endpoints, Secret
from slipway.data.postgres import connection, grants, role_spec, shared
from slipway.data.postgres.interface import AppRole, Least
from slipway.data.postgres.role_spec import Role, Split
from slipway.data.postgres.roles import ensure_settings
from slipway.errors import GateError, SettingsError

if TYPE_CHECKING:
    import psycopg

# Each with what it means, of the role that asks.
EXCESS = """
SELECT said FROM (
    SELECT rolsuper, rolbypassrls FROM pg_roles WHERE rolname = current_user
) me, LATERAL (VALUES
    (rolsuper, 'is a superuser of the server: no right and no row level security binds it'),
    (NOT rolsuper AND rolbypassrls, 'passes row level security by (BYPASSRLS)'),
    (NOT rolsuper AND EXISTS (SELECT FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE c.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
        AND pg_has_role(c.relowner, 'USAGE')),
     'owns its tables: it may alter and drop them, and row level security does not hold for it')
) AS asked(so, said) WHERE so
"""


def excess(ends: Endpoints) -> tuple[str, ...]:
    """What the role of DATABASE_URL may beyond the rows, a sentence each; nothing where the roles are our own.

    Nothing either where it cannot be asked: its gate says that.
    """
    if ends.admin_url or not ends.app_database_url:
        return ()
    import psycopg

    try:
        with connection.open_connection(ends.app_database_url, "DATABASE_URL", purpose="slipway rights") as conn:
            return tuple(f"the app's role {conn.info.user} {said}" for (said,) in conn.execute(EXCESS))
    except psycopg.Error:
        return ()


def establish(ends: Endpoints, args: Least, emit: Emit) -> AppRole:
    """Makes the role that may read and write rows and nothing else, or repairs its grants; a second run changes nothing.

    Raises SettingsError for a database whose roles are our own, GateError with the statement where this role may not.
    """
    if ends.admin_url:
        raise SettingsError(
            "POSTGRES", "bundled, whose roles are made by ./invoke up", "POSTGRES=external", "./invoke up"
        )
    with (
        connection.connect(ends.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway roles") as conn,
        connection.told(GateError, f"roles of {conn.info.dbname}"),
    ):
        split = split_of(conn)
        app = split.roles[0]
        changed = ensure_role(conn, ends, app, Secret(args.password))
        with conn.transaction():
            changed += ensure_entry(conn, split, app.name) + grants.ensure_defaults(conn, split)
        # At last: where an administrator is needed for these, all else is done.
        changed += shared.ensure(conn, app)
        changed += ensure_use(conn, role_spec.IN_PUBLIC)
        at = connection.parameters(ends.migrate_url, "MIGRATE_DATABASE_URL")
        return AppRole(app.name, at.get("host", ""), at.get("port", "5432"), conn.info.dbname, tuple(changed))


def split_of(conn: psycopg.Connection) -> Split:
    """The migrating role as owner of all, and the app's: what else is on that server is not ours to close."""
    owner = conn.execute("SELECT current_user").fetchone()[0]
    database = conn.info.dbname
    app = role_spec.app_role(database)
    return Split(database, (app,), owner=owner, granted=("app",), closed=False)


def ensure_role(conn: psycopg.Connection, ends: Endpoints, app: Role, password: Secret) -> list[str]:
    """The role with that password. Only who logs in with it can tell whether it has it: verifiers are not ours to read."""
    import psycopg
    from psycopg import sql

    there = conn.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", (app.name,)).fetchone()
    if there and lets_in(ends, app.name, password):
        return []
    verifier = conn.pgconn.encrypt_password(password.value.encode(), app.name.encode(), b"scram-sha-256").decode()
    words = sql.SQL("ALTER ROLE {} PASSWORD {}" if there else "CREATE ROLE {} LOGIN PASSWORD {}")
    try:
        conn.execute(words.format(sql.Identifier(app.name), sql.Literal(verifier)))
    except psycopg.errors.InsufficientPrivilege:
        raise GateError(
            f"role {conn.info.user}",
            "may not make roles, or not change this one",
            f"{app.name}, with the password that POSTGRES_APP_PASSWORD has",
            shared.typed(
                (f'{"ALTER" if there else "CREATE"} ROLE "{app.name}" LOGIN PASSWORD …', *shared.lacking(conn, app))
            ),
        ) from None
    return [f"role {app.name}: password set"] if there else [f"role {app.name}: created", *ensure_settings(conn, app)]


def lets_in(ends: Endpoints, name: str, password: Secret) -> bool:
    import psycopg
    from psycopg.conninfo import make_conninfo

    given = connection.parameters(ends.migrate_url, "MIGRATE_DATABASE_URL") | {"user": name, "password": password.value}
    try:
        connection.open_connection(Secret(make_conninfo(**given)), "DATABASE_URL", purpose="slipway roles").close()
    except psycopg.OperationalError as error:
        # Not the password but the way in: that comes with the grants.
        return not connection.refuses_for_good(error)
    return True


def ensure_entry(conn: psycopg.Connection, split: Split, name: str) -> list[str]:
    """CONNECT and USAGE of public, which a server of a team's may have taken from PUBLIC."""
    return ensure_privilege(conn, "DATABASE", split.database, "CONNECT", name) + ensure_use(conn, (name,))


def ensure_use(conn: psycopg.Connection, names: tuple[str, ...]) -> list[str]:
    return [change for name in names for change in ensure_privilege(conn, "SCHEMA", "public", "USAGE", name)]


def ensure_privilege(conn: psycopg.Connection, kind: str, target: str, privilege: str, name: str) -> list[str]:
    """One privilege on a database or a schema, where the role does not have it by any way yet."""
    from psycopg import sql

    has = f"SELECT has_{kind.lower()}_privilege(%s, %s, %s)"
    if conn.execute(has, (name, target, privilege)).fetchone()[0]:
        return []
    words = sql.SQL(f"GRANT {privilege} ON {kind} {{}} TO {{}}")
    conn.execute(words.format(sql.Identifier(target), sql.Identifier(name)))
    return [f"{kind.lower()} {target}: {privilege} for {name}"]
