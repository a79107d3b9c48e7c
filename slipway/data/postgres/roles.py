"""Makes the bundled database and its role split what they should be; what is right already is not touched."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from typing import TYPE_CHECKING

from slipway.data import records
from slipway.data.endpoints import Emit, Endpoints, Secret, need, password_in
from slipway.data.postgres import connection, grants, membership, role_spec, scram
from slipway.data.postgres.interface import Established
from slipway.data.postgres.role_spec import Role, Split
from slipway.data.verb import Nothing
from slipway.errors import GateError, SettingsError

if TYPE_CHECKING:
    import psycopg

LOCK = 0x736C6970  # "slip": one role set-up at a time on a server


def establish(ends: Endpoints, args: Nothing, emit: Emit) -> Established:
    """Creates or repairs database, roles, passwords, grants and settings.

    A second run changes nothing. Raises SettingsError for a missing password, GateError when the server is away.
    """
    need(ends.admin_url, "ADMIN_DATABASE_URL", connection.URL_FORM)
    database = connection.parameters(ends.app_database_url, "DATABASE_URL").get("dbname", "")
    need(database, "DATABASE_URL", connection.URL_FORM)
    roles = role_spec.split(database)
    passwords = required_passwords(roles, ends)
    with (
        connection.told(GateError, "postgres, role set-up"),
        connection.connect(ends.admin_url, "ADMIN_DATABASE_URL", purpose="slipway roles") as conn,
    ):
        conn.execute("SELECT pg_advisory_lock(%s)", (LOCK,))
        changed = [change for role in roles.roles for change in ensure_role(conn, role, passwords.get(role.name))]
        changed += ensure_database(conn, roles) + grants.ensure_closed(conn, database)
        with connection.connect(
            ends.admin_url, "ADMIN_DATABASE_URL", database=database, purpose="slipway roles"
        ) as inside:
            changed += grants.ensure(inside, roles)
            added, notes = ensure_statistics(inside)
    remember(ends, roles)
    return Established(database, (*changed, *added), tuple(notes))


def required_passwords(roles: Split, ends: Endpoints) -> dict[str, Secret]:
    """The password of each role that logs in."""
    wanted = [role.name for role in roles.roles if role.login]
    missing = [name for name in wanted if name not in ends.role_passwords]
    if missing:
        raise SettingsError(
            "ROLE_PASSWORDS",
            "no password for " + ", ".join(missing),
            "one for each role that logs in",
            "./invoke doctor",
        )
    return {name: ends.role_passwords[name] for name in wanted}


def marked(ends: Endpoints, passwords: Mapping[str, Secret]) -> dict[str, str]:
    """The passwords that the record is made from: the superuser's too, since only its gate tells that it is wrong."""
    return {name: secret.value for name, secret in passwords.items()} | {"": password_in(ends.admin_url.value)}


def remember(ends: Endpoints, roles: Split) -> None:
    salt = secrets.token_hex(16)
    mark = role_spec.fingerprint(salt, roles.database, marked(ends, required_passwords(roles, ends)))
    records.write(
        ends.state_dir,
        "roles",
        {"salt": salt, "fingerprint": mark, "version": role_spec.VERSION, "database": roles.database},
    )


def forget(ends: Endpoints) -> None:
    """Lets the next `up` make the split again: another database is about to take the place of the one that has it."""
    records.write(ends.state_dir, "roles", {})


def ensure_role(conn: psycopg.Connection, role: Role, password: Secret | None) -> list[str]:
    """One role with attributes, password, memberships and settings in one transaction; what was changed."""
    with conn.transaction():
        return (
            ensure_attributes(conn, role)
            + ensure_password(conn, role, password)
            + membership.ensure(conn, role)
            + ensure_settings(conn, role)
        )


def ensure_attributes(conn: psycopg.Connection, role: Role) -> list[str]:
    from psycopg import sql

    # Before 16 this attribute alone decides whether a member inherits.
    inherits = membership.can_choose(conn) or not role.acts_as
    wanted = (role.login, role.bypass_rls, False, False, False, False, inherits)
    found = conn.execute(
        "SELECT rolcanlogin, rolbypassrls, rolreplication, rolsuper, rolcreatedb, rolcreaterole, "
        "rolinherit FROM pg_roles WHERE rolname = %s",
        (role.name,),
    ).fetchone()
    if found == wanted:
        return []
    words = ("LOGIN", "BYPASSRLS", "REPLICATION", "SUPERUSER", "CREATEDB", "CREATEROLE", "INHERIT")
    attributes = sql.SQL(" ").join(sql.SQL(word if on else f"NO{word}") for word, on in zip(words, wanted, strict=True))
    verb = sql.SQL("ALTER" if found else "CREATE")
    conn.execute(sql.SQL("{} ROLE {} {}").format(verb, sql.Identifier(role.name), attributes))
    return [f"role {role.name}: {'attributes repaired' if found else 'created'}"]


def ensure_password(conn: psycopg.Connection, role: Role, password: Secret | None) -> list[str]:
    """Sends a SCRAM verifier made here, so the password itself never reaches the server or its log."""
    from psycopg import sql

    stored = conn.execute("SELECT rolpassword FROM pg_authid WHERE rolname = %s", (role.name,)).fetchone()[0]
    if (stored is None) if password is None else scram.matches(stored, password.value):
        return []
    verifier = (
        conn.pgconn.encrypt_password(password.value.encode(), role.name.encode(), b"scram-sha-256").decode()
        if password
        else None
    )
    conn.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role.name), sql.Literal(verifier)))
    return [f"role {role.name}: password {'set' if password else 'removed'}"]


def ensure_settings(conn: psycopg.Connection, role: Role) -> list[str]:
    from psycopg import sql

    row = conn.execute(
        "SELECT setconfig FROM pg_db_role_setting WHERE setdatabase = 0 AND setrole = to_regrole(quote_ident(%s))",
        (role.name,),
    ).fetchone()
    found = dict(entry.split("=", 1) for entry in (row[0] if row else []))
    wrong = [(key, value) for key, value in role.settings if found.get(key) != value]
    for key, value in wrong:
        conn.execute(
            sql.SQL("ALTER ROLE {} SET {} = {}").format(
                sql.Identifier(role.name), sql.Identifier(key), sql.Literal(value)
            )
        )
    return [f"role {role.name}: {key} = {value}" for key, value in wrong]


def ensure_database(conn: psycopg.Connection, roles: Split) -> list[str]:
    """The database, owned by the owner role. CREATE DATABASE runs in no transaction, so it is its own."""
    from psycopg import sql

    name, owner = sql.Identifier(roles.database), sql.Identifier(roles.named("owner"))
    found = conn.execute(
        "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = %s", (roles.database,)
    ).fetchone()
    if found == (roles.named("owner"),):
        return []
    if found:
        conn.execute(sql.SQL("ALTER DATABASE {} OWNER TO {}").format(name, owner))
        return [f"database {roles.database}: owner {roles.named('owner')}"]
    conn.execute(sql.SQL("CREATE DATABASE {} OWNER {}").format(name, owner))
    return [f"database {roles.database}: created"]


def ensure_statistics(conn: psycopg.Connection) -> tuple[list[str], list[str]]:
    """pg_stat_statements where the server has it; what was changed, and a note where it has not."""
    installed, available = conn.execute(
        "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'pg_stat_statements'), "
        "EXISTS (SELECT FROM pg_available_extensions WHERE name = 'pg_stat_statements')"
    ).fetchone()
    if installed:
        return [], []
    if not available:
        return [], ["pg_stat_statements: not in this server's installation, left out"]
    conn.execute("CREATE EXTENSION pg_stat_statements SCHEMA public")
    return ["extension pg_stat_statements: created"], []
