"""The roles that all databases of a server share, where no administrator of ours makes them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from slipway.data.postgres import membership, role_spec
from slipway.data.postgres.role_spec import Role
from slipway.errors import GateError

if TYPE_CHECKING:
    import psycopg

# Who may give BYPASSRLS: a superuser, and since 16 whoever has it and makes roles.
MAY_BYPASS = "SELECT rolsuper OR rolbypassrls AND %s FROM pg_roles WHERE rolname = current_user"


def ensure(conn: psycopg.Connection, app: Role) -> list[str]:
    """Makes the missing ones and lets the app's role act as those that it needs; what was changed.

    Raises GateError with the statements for an administrator where this role may not.
    """
    import psycopg

    try:
        with conn.transaction():
            changed = [make(conn, role) for role in missing(conn)]
            return changed + ensure_no_inheritance(conn, app) + membership.ensure_acted(conn, app)
    except psycopg.errors.InsufficientPrivilege:
        raise GateError(
            f"role {conn.info.user}",
            "may not make or grant roles that policies are written for",
            f"{', '.join(role.name for role in role_spec.shared())}, and {app.name} as a member of {', '.join(app.acts_as)}",
            typed(lacking(conn, app)),
        ) from None


def missing(conn: psycopg.Connection) -> list[Role]:
    """Those that the server does not have."""
    there = {row[0] for row in conn.execute("SELECT rolname FROM pg_roles")}
    return [role for role in role_spec.shared() if role.name not in there]


def make(conn: psycopg.Connection, role: Role) -> str:
    """One of them. Without BYPASSRLS where this role may not give that: nothing of ours needs it, so it is only said."""
    from psycopg import sql

    may = conn.execute(MAY_BYPASS, (membership.can_choose(conn),)).fetchone()[0]
    words = "CREATE ROLE {} NOLOGIN" + (" BYPASSRLS" if role.bypass_rls and may else "")
    conn.execute(sql.SQL(words).format(sql.Identifier(role.name)))
    less = ", without BYPASSRLS, which only an administrator may give" if role.bypass_rls and not may else ""
    return f"role {role.name}: created{less}"


def ensure_no_inheritance(conn: psycopg.Connection, app: Role) -> list[str]:
    """Takes INHERIT from the app's role on a server before 16, where a membership itself cannot say that."""
    from psycopg import sql

    inherits = conn.execute("SELECT rolinherit FROM pg_roles WHERE rolname = %s", (app.name,)).fetchone()
    if membership.can_choose(conn) or inherits != (True,):
        return []
    conn.execute(sql.SQL("ALTER ROLE {} NOINHERIT").format(sql.Identifier(app.name)))
    return [f"role {app.name}: inherits nothing"]


def lacking(conn: psycopg.Connection, app: Role) -> list[str]:
    """The statements that bring the roles to what they should be, as an administrator types them."""
    made = [f"CREATE ROLE {role.name} NOLOGIN" + " BYPASSRLS" * role.bypass_rls for role in missing(conn)]
    if not membership.can_choose(conn):
        made.append(f'ALTER ROLE "{app.name}" NOINHERIT')
    acts = membership.ACTS if membership.can_choose(conn) else ""
    groups = membership.lacking(conn, app)
    return made + ([f'GRANT {", ".join(groups)} TO "{app.name}"{acts}'] if groups else [])


def typed(statements: Iterable[str]) -> str:
    """What to do next, with the statements in it."""
    return f"as an administrator of the server: {'; '.join(statements)}; then ./invoke db.roles"
