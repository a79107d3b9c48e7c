"""The roles that a dump names: found in its script, and made, without passwords, where the server has none."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from slipway.data.postgres import connection, membership, role_spec
from slipway.errors import BackupError

if TYPE_CHECKING:
    import psycopg

NAME = r'(?:"(?:[^"]|"")+"|[^\s;,"]+)'
# Each statement that pg_dump writes with a role in it begins a line of its own.
NAMED = tuple(
    re.compile(rf"(?m){pattern}")
    for pattern in (
        rf"^ALTER .* OWNER TO ({NAME});$",
        rf"^(?:GRANT|REVOKE) .* (?:TO|FROM) ({NAME})(?: WITH GRANT OPTION)?;$",
        rf"^ALTER DEFAULT PRIVILEGES FOR ROLE ({NAME}) ",
        rf"^ALTER DEFAULT PRIVILEGES FOR ROLE .* (?:TO|FROM) ({NAME})(?: WITH GRANT OPTION)?;$",
        rf"^ALTER ROLE ({NAME}) IN DATABASE ",
        rf"^SET SESSION AUTHORIZATION ({NAME});$",
    )
)
POLICY = re.compile(rf"(?m)^CREATE POLICY .* TO ({NAME}(?:, {NAME})*)(?: USING| WITH CHECK|;)")
OWNER = NAMED[0]
PARTS = (
    "owner",
    "migrate",
    "app",
    "readonly",
    "backup",
)  # of a role split, as slipway.data.postgres.role_spec names them
# What a role may not become by being restored: whoever needs that says so again.
DANGEROUS = {"SUPERUSER", "CREATEROLE", "CREATEDB", "REPLICATION"}
ATTRIBUTES = {"INHERIT", "NOINHERIT", "LOGIN", "NOLOGIN", "BYPASSRLS", "NOBYPASSRLS"}


def named_roles(script: str) -> set[str]:
    """Every role that the dump's script mentions, but for the system's own."""
    found = {name for pattern in NAMED for name in pattern.findall(script)}
    found |= {name for names in POLICY.findall(script) for name in re.findall(NAME, names)}
    return {unquote_name(name) for name in found if not name.startswith("pg_") and name != "PUBLIC"} - {"DEFAULT"}


def defined_roles(definitions: str) -> set[str]:
    """Every role that pg_dumpall wrote down."""
    return {unquote_name(name) for name in re.findall(rf"(?m)^CREATE ROLE ({NAME});$", definitions)}


def owners(script: str) -> set[str]:
    return {unquote_name(name) for name in OWNER.findall(script)}


def unquote_name(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


def ensure(conn: psycopg.Connection, wanted: set[str], definitions: str) -> list[str]:
    """Makes those of the wanted roles that the server lacks; one sentence for each.

    `definitions` is what pg_dumpall --roles-only wrote: attributes, memberships and settings come from there. Raises
    BackupError with the statements to run where this role may not make roles.
    """
    import psycopg

    there = {row[0] for row in conn.execute("SELECT rolname FROM pg_roles")}
    missing = sorted(wanted - there)
    try:
        with conn.transaction():
            said = [make(conn, name, definitions) for name in missing]
            for name in missing:
                join(conn, name, definitions, there | set(missing))
            return said
    except psycopg.errors.InsufficientPrivilege:
        raise BackupError(
            f"roles {', '.join(missing)}",
            "the dump names them, and this server does not have them",
            "roles that may be granted to",
            "; ".join(f'CREATE ROLE "{name}"' for name in missing) + ", as an administrator",
        ) from None
    except psycopg.Error as error:
        raise BackupError(
            f"roles {', '.join(missing)}",
            connection.reason(error),
            "roles that can be made",
            "./invoke psql, and CREATE ROLE",
        ) from None


def make(conn: psycopg.Connection, name: str, definitions: str) -> str:
    """One role as it was, without password and without power over the server."""
    from psycopg import sql

    spelt = re.escape(quote_name(conn, name))
    words = found.group(1).split() if (found := re.search(rf"(?m)^ALTER ROLE {spelt} WITH (.*);$", definitions)) else []
    kept = [word for word in words if word in ATTRIBUTES] or ["NOLOGIN"]
    conn.execute(sql.SQL("CREATE ROLE {} {}").format(sql.Identifier(name), sql.SQL(" ".join(kept))))
    for statement in re.findall(rf"(?m)^(ALTER ROLE {spelt} SET .*;)$", definitions):
        conn.execute(statement)
    lost = sorted(DANGEROUS.intersection(words))
    return (
        f"role {name}: made"
        + (", without a password" if "LOGIN" in kept else "")
        + (f", and not {', '.join(lost)} as it was" if lost else "")
    )


def join(conn: psycopg.Connection, name: str, definitions: str, there: set[str]) -> None:
    """The memberships of a role, in groups that are there, with what it inherits and whom it may act as."""
    pattern = rf"(?m)^GRANT ({NAME}) TO {re.escape(quote_name(conn, name))}(?: (.*))?;$"
    for group, more in re.findall(pattern, definitions):
        if unquote_name(group) in there:
            said = re.search(r"\bINHERIT (TRUE|FALSE)\b", more)
            inherits = said[1] == "TRUE" if said else None  # written since 16
            acts = not re.search(r"\bSET FALSE\b", more)
            membership.grant(conn, unquote_name(group), name, inherits, acts)


def stand_in(inside: psycopg.Connection, then: str, now: str) -> list[str]:
    """Where another environment's database had another name, its roles have their counterparts here.

    These own what those owned, in this database, and may what those may. A role that owns a database of this server is
    somebody's, and left alone.
    """
    from psycopg import sql

    pairs = [(f"{then}_{part}", f"{now}_{part}") for part in PARTS]
    there = {
        row[0]
        for row in inside.execute(
            "SELECT rolname FROM pg_roles r WHERE NOT EXISTS "
            "(SELECT FROM pg_database WHERE datdba = r.oid AND datname <> current_database())"
        )
    }
    known = {row[0] for row in inside.execute("SELECT rolname FROM pg_roles")}
    found = [(old, new) for old, new in pairs if old in there and new in known]
    power = [*role_spec.TOO_MUCH, *([role_spec.SERVICE] if role_spec.SERVICE in known else [])]
    groups = sql.SQL(", ").join(map(sql.Identifier, power))
    for old, new in found:
        # A backup of before may say that its backup role reads passwords; nobody here shall by standing in for it.
        inside.execute(sql.SQL("REVOKE {} FROM {}").format(groups, sql.Identifier(old)))
        inside.execute(sql.SQL("REASSIGN OWNED BY {} TO {}").format(sql.Identifier(old), sql.Identifier(new)))
        inside.execute(sql.SQL("GRANT {} TO {}").format(sql.Identifier(old), sql.Identifier(new)))
    return [f"role {new}: owns and may what {old} did" for old, new in found]


def quote_name(conn: psycopg.Connection, name: str) -> str:
    return conn.execute("SELECT quote_ident(%s)", (name,)).fetchone()[0]
