"""Which roles a role is in: those whose rights it inherits, and those that it only acts as."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.data.postgres import role_spec
from slipway.data.postgres.role_spec import Role

if TYPE_CHECKING:
    import psycopg

CHOOSES = 160000  # the server's version since which each membership says whether its rights are inherited
ACTS = " WITH INHERIT FALSE, SET TRUE"
HELD = "SELECT pg_get_userbyid(roleid), {} FROM pg_auth_members WHERE member = to_regrole(quote_ident(%s))"
EVERY = """
SELECT pg_get_userbyid(roleid), pg_get_userbyid(member), {} FROM pg_auth_members WHERE pg_get_userbyid(member) !~ '^pg_'
GROUP BY roleid, member
"""
ALL = EVERY.format("bool_or(inherit_option), bool_or(set_option)")
ALL_BEFORE = EVERY.format("NULL::boolean, NULL::boolean")
OPTIONS = "pg_get_userbyid(grantor), inherit_option, set_option"
NO_OPTIONS = "pg_get_userbyid(grantor), NULL, NULL"


def ensure(conn: psycopg.Connection, role: Role) -> list[str]:
    """The memberships of a role, as its definition says; what was changed."""
    return ensure_inherited(conn, role) + ensure_acted(conn, role) + end_excess(conn, role)


def can_choose(conn: psycopg.Connection) -> bool:
    """Whether this server's GRANT takes WITH INHERIT and WITH SET."""
    return conn.info.server_version >= CHOOSES


def held(conn: psycopg.Connection, name: str) -> list[tuple[str, str, bool | None, bool | None]]:
    """What a role is a member of: group, who granted it, whether it is inherited, whether SET ROLE is allowed."""
    return conn.execute(HELD.format(OPTIONS if can_choose(conn) else NO_OPTIONS), (name,)).fetchall()


def grant(conn: psycopg.Connection, group: str, member: str, inherits: bool | None, acts: bool | None) -> None:
    """One membership as it was elsewhere; where that server or this one has no such words, as its attributes say."""
    from psycopg import sql

    words = f" WITH INHERIT {inherits}, SET {acts}" if can_choose(conn) and inherits is not None else ""
    conn.execute(sql.SQL("GRANT {} TO {}" + words).format(sql.Identifier(group), sql.Identifier(member)))


def ensure_inherited(conn: psycopg.Connection, role: Role) -> list[str]:
    from psycopg import sql

    found = {group for group, *_ in held(conn, role.name)}
    missing = [group for group in role.member_of if group not in found]
    for group in missing:
        conn.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(group), sql.Identifier(role.name)))
    return [f"role {role.name}: member of {group}" for group in missing]


def ensure_acted(conn: psycopg.Connection, role: Role) -> list[str]:
    """The groups that it acts as and inherits nothing from; a grant of somebody else's is mended as theirs."""
    from psycopg import sql

    changed = []
    for group in lacking(conn, role):
        wrong = {by for name, by, inherits, acts in held(conn, role.name) if name == group and (inherits or not acts)}
        for grantor in wrong or {""}:
            words = sql.SQL("GRANT {} TO {}" + (ACTS if can_choose(conn) else ""))
            whose = sql.SQL(" GRANTED BY {}").format(sql.Identifier(grantor)) if grantor else sql.SQL("")
            conn.execute(words.format(sql.Identifier(group), sql.Identifier(role.name)) + whose)
        changed.append(f"role {role.name}: acts as {group}")
    return changed


def lacking(conn: psycopg.Connection, role: Role) -> list[str]:
    """The groups that it should act as, and cannot, or inherits from."""
    found: dict[str, list[tuple[bool | None, bool | None]]] = {}
    for group, _, inherits, acts in held(conn, role.name):
        found.setdefault(group, []).append((inherits, acts))
    if not can_choose(conn):
        return [group for group in role.acts_as if group not in found]
    return [group for group in role.acts_as if not is_acted(found.get(group, []))]


def is_acted(grants: list[tuple[bool | None, bool | None]]) -> bool:
    """Whether these grants of one group let a member act as it, and give nothing by themselves."""
    return any(acts for _, acts in grants) and not any(inherits for inherits, _ in grants)


def end_excess(conn: psycopg.Connection, role: Role) -> list[str]:
    from psycopg import sql

    found = {group for group, *_ in held(conn, role.name)}
    excess = [group for group in (*role_spec.TOO_MUCH, role_spec.SERVICE) if group in found]
    for group in excess:
        conn.execute(sql.SQL("REVOKE {} FROM {}").format(sql.Identifier(group), sql.Identifier(role.name)))
    return [f"role {role.name}: no longer member of {group}" for group in excess]
