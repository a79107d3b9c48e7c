"""Who may reach the database, its public schema, and what the owner will make in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.data.postgres import role_spec
from slipway.data.postgres.role_spec import Split

if TYPE_CHECKING:
    import psycopg

PUBLIC = ""
KINDS = {"r": "TABLES", "S": "SEQUENCES", "f": "FUNCTIONS", "n": "SCHEMAS"}
HELD = """
SELECT coalesce(r.rolname, ''), a.privilege_type FROM {}, aclexplode({}) a
LEFT JOIN pg_roles r ON r.oid = a.grantee WHERE {}
"""
ON_DATABASE = HELD.format("pg_database d", "coalesce(d.datacl, acldefault('d', d.datdba))", "d.datname = %(name)s")
ON_SCHEMA = HELD.format("pg_namespace n", "coalesce(n.nspacl, acldefault('n', n.nspowner))", "n.nspname = %(name)s")
ON_FUNCTION = HELD.format(
    "pg_proc p", "coalesce(p.proacl, acldefault('f', p.proowner))", "p.oid = %(name)s::regprocedure"
)
ON_FUTURE = """
SELECT k.kind, coalesce(r.rolname, ''), a.privilege_type FROM unnest(ARRAY['r', 'S', 'f', 'n']::"char"[]) AS k(kind)
LEFT JOIN pg_default_acl d ON d.defaclobjtype = k.kind AND d.defaclnamespace = 0
    AND d.defaclrole = to_regrole(quote_ident(%(owner)s))
CROSS JOIN LATERAL aclexplode(coalesce(d.defaclacl, CASE WHEN k.kind = 'f' THEN
    acldefault('f', to_regrole(quote_ident(%(owner)s))::oid) END)) a
LEFT JOIN pg_roles r ON r.oid = a.grantee
"""
SCHEMAS = """
SELECT nspname, nspname = 'slipway' OR nspname = 'auth' AND to_regprocedure('auth.uid()') IS NOT NULL
FROM pg_namespace WHERE nspname !~ '^pg_' AND (nspname = 'public' OR nspowner = to_regrole(quote_ident(%s)))
"""
# Databases of every server, which nobody but its administrator has to enter.
CLOSED = ("postgres", "template1")
# What makes large objects: the one thing that a role without any grant could fill a disk with.
MAKERS = ("pg_catalog.lo_creat(integer)", "pg_catalog.lo_create(oid)", "pg_catalog.lo_from_bytea(oid,bytea)")


def ensure(conn: psycopg.Connection, roles: Split) -> list[str]:
    """Repairs the grants inside the database in one transaction; what was changed."""
    with conn.transaction():
        return (
            ensure_connect(conn, roles)
            + ensure_public(conn, roles)
            + ensure_large_objects(conn, roles)
            + ensure_defaults(conn, roles)
        )


def ensure_closed(conn: psycopg.Connection, database: str) -> list[str]:
    """Nothing for PUBLIC in the databases that every server has, the one in use aside."""
    return [
        change
        for name in CLOSED
        if name != database
        for change in ensure_on(conn, ON_DATABASE, "DATABASE", name, set())
    ]


def ensure_connect(conn: psycopg.Connection, roles: Split) -> list[str]:
    """CONNECT for the roles that need it and for nobody by being PUBLIC; the migrating role has it from the owner."""
    wanted = {(roles.named(part), "CONNECT") for part in roles.granted}
    return ensure_on(conn, ON_DATABASE, "DATABASE", roles.database, wanted)


def ensure_public(conn: psycopg.Connection, roles: Split) -> list[str]:
    """USAGE of schema public for those who work in it. A team that dropped the schema is left in peace."""
    if conn.execute("SELECT to_regnamespace('public')").fetchone() == (None,):
        return []
    wanted = (*(roles.named(part) for part in roles.granted), *role_spec.IN_PUBLIC)
    return ensure_on(conn, ON_SCHEMA, "SCHEMA", "public", {(name, "USAGE") for name in wanted})


def ensure_large_objects(conn: psycopg.Connection, roles: Split) -> list[str]:
    """Making them for the app and for migrations alone: to who only reads, no other way to write is left."""
    wanted = {(roles.named(part), "EXECUTE") for part in ("app", "owner")}
    return [change for maker in MAKERS for change in ensure_on(conn, ON_FUNCTION, "FUNCTION", maker, wanted)]


def ensure_on(conn: psycopg.Connection, query: str, kind: str, name: str, wanted: set[tuple[str, str]]) -> list[str]:
    """The wanted grants on one object, and none to PUBLIC."""
    from psycopg import sql

    held = {(grantee, privilege) for grantee, privilege in conn.execute(query, {"name": name})}
    target = sql.SQL(kind + " {}").format(sql.SQL(name) if kind == "FUNCTION" else sql.Identifier(name))
    changed = []
    if any(grantee == PUBLIC for grantee, _ in held):
        conn.execute(sql.SQL("REVOKE ALL ON {} FROM PUBLIC").format(target))
        changed.append(f"{kind.lower()} {name}: nothing for PUBLIC")
    for grantee, privilege in sorted(wanted - held):
        conn.execute(sql.SQL("GRANT {} ON {} TO {}").format(sql.SQL(privilege), target, sql.Identifier(grantee)))
        changed.append(f"{kind.lower()} {name}: {privilege} for {grantee}")
    return changed


def ensure_defaults(conn: psycopg.Connection, roles: Split) -> list[str]:
    """What the owner's future objects grant, in every schema. Where that was missing, existing objects get it too.

    Only then: a migration that took a grant away on purpose must keep its way.
    """
    names = {*(roles.named(part) for part in roles.granted), *([PUBLIC] if roles.closed else [])}
    held = {tuple(row) for row in conn.execute(ON_FUTURE, {"owner": roles.named("owner")}) if row[1] in names}
    wanted = role_spec.default_privileges(roles)
    kinds = sorted({kind for kind, _, _ in held ^ wanted})
    for kind in kinds:
        grant_future(conn, roles, kind, {each for each in held - wanted if each[0] == kind}, wanted)
    if wanted - held:
        grant_existing(conn, roles, wanted - held)
    return [f"default privileges: {KINDS[kind].lower()}" for kind in kinds]


def grant_future(
    conn: psycopg.Connection,
    roles: Split,
    kind: str,
    excess: set[tuple[str, str, str]],
    wanted: frozenset[tuple[str, str, str]],
) -> None:
    from psycopg import sql

    prefix = sql.SQL("ALTER DEFAULT PRIVILEGES FOR ROLE {} ").format(sql.Identifier(roles.named("owner")))
    for _, grantee, privilege in sorted(excess):
        whom = sql.Identifier(grantee) if grantee else sql.SQL("PUBLIC")
        conn.execute(prefix + sql.SQL(f"REVOKE {privilege} ON {KINDS[kind]} FROM {{}}").format(whom))
    for _, grantee, privilege in sorted(each for each in wanted if each[0] == kind):
        conn.execute(prefix + sql.SQL(f"GRANT {privilege} ON {KINDS[kind]} TO {{}}").format(sql.Identifier(grantee)))


def grant_existing(conn: psycopg.Connection, roles: Split, missing: frozenset[tuple[str, str, str]]) -> None:
    """The same grants on what is there already, in public and in the owner's schemas; in ours and the logins' for the backup alone."""
    from psycopg import sql

    for schema, is_closed in conn.execute(SCHEMAS, (roles.named("owner"),)).fetchall():
        for kind, grantee, privilege in sorted(missing):
            if is_closed and grantee != roles.named("backup"):
                continue
            what = "SCHEMA {}" if kind == "n" else f"ALL {KINDS[kind]} IN SCHEMA {{}}"
            conn.execute(
                sql.SQL(f"GRANT {privilege} ON {what} TO {{}}").format(sql.Identifier(schema), sql.Identifier(grantee))
            )
    if conn.execute("SELECT to_regclass('public.schema_migrations')").fetchone() != (None,):
        conn.execute(
            sql.SQL("REVOKE INSERT, UPDATE, DELETE ON public.schema_migrations FROM {}").format(
                sql.Identifier(roles.named("app"))
            )
        )
