"""What each role may do on a real server, as one table: whatever is not in it is denied."""

from __future__ import annotations

import pytest

ROLES = ("owner", "migrate", "app", "readonly", "backup")
SHARED = ("anon", "authenticated", "service_role", "supabase_auth_admin")  # by all databases of the server
SCHEMA = """
create table notes (id bigint generated always as identity primary key, body text);
create schema audit; create table audit.log (line text);
create function double(n int) returns int language sql as 'select n * 2';
"""
# By role: what it may in its own database; in every other one, and to other roles, it may nothing.
MAY = {
    "owner": {
        "enter",
        "make schemas",
        "make large objects",
        "use public",
        "make in public",
        "use audit",
        "use slipway",
    },
    "app": {"enter", "make large objects", "use public", "use audit"},
    "readonly": {"enter", "use public", "use audit", "use slipway"},
    "backup": {"enter", "use public", "use audit", "use slipway"},
}
MAY["owner"] |= {"make temporary tables", "make in audit", "make in slipway"}
MAY["migrate"] = MAY["owner"]
ASKED = """
SELECT label FROM (VALUES
    ('enter', has_database_privilege(%(role)s, current_database(), 'CONNECT')),
    ('make schemas', has_database_privilege(%(role)s, current_database(), 'CREATE')),
    ('make temporary tables', has_database_privilege(%(role)s, current_database(), 'TEMPORARY')),
    ('make large objects', has_function_privilege(%(role)s, 'lo_create(oid)', 'EXECUTE')
        OR has_function_privilege(%(role)s, 'lo_creat(int)', 'EXECUTE')
        OR has_function_privilege(%(role)s, 'lo_from_bytea(oid, bytea)', 'EXECUTE'))
) AS asked(label, may) WHERE may
UNION ALL SELECT 'use ' || nspname FROM pg_namespace
    WHERE nspname !~ '^pg_|^information_schema$' AND has_schema_privilege(%(role)s, oid, 'USAGE')
UNION ALL SELECT 'make in ' || nspname FROM pg_namespace
    WHERE nspname !~ '^pg_(toast|temp)' AND has_schema_privilege(%(role)s, oid, 'CREATE')
"""
TABLES = {
    "owner": {"SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"},
    "app": {"SELECT", "INSERT", "UPDATE", "DELETE"},
    "readonly": {"SELECT"},
    "backup": {"SELECT"},
}
TABLES["migrate"] = TABLES["owner"]
ATTRIBUTES = "rolsuper OR rolcreaterole OR rolcreatedb OR rolreplication"
# Readable by nobody but a superuser: verifiers of passwords, connection strings, samples of every column, objects.
CLOSED = "SELECT relname FROM pg_class WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v') AND {}"
LIKE_A_STRANGER = CLOSED.format("has_table_privilege(%s, oid, 'SELECT') ORDER BY 1")


@pytest.fixture(scope="module")
def filled(postgres, tmp_path_factory):
    from tests.embedded.data.conftest import stack_on

    made = stack_on(postgres, tmp_path_factory.mktemp("rights"))
    made.run("roles")
    made.migration("001_notes.up.sql", SCHEMA)
    made.run("migrate")
    with made.connect_admin() as conn:
        conn.execute(f"create role {made.database}_stranger")
    return made


def ask(made, query: str, *values, **named) -> set[str]:
    with made.connect("admin") as conn:
        return {row[0] for row in conn.execute(query, values or named)}


@pytest.mark.parametrize("part", ROLES)
def test_what_a_role_may_in_its_database(filled, part: str) -> None:
    assert ask(filled, ASKED, role=f"{filled.database}_{part}") == MAY[part]


@pytest.mark.parametrize("part", ROLES)
def test_what_a_role_may_with_a_table_of_the_app(filled, part: str) -> None:
    privileges = sorted(TABLES["owner"])
    query = "SELECT p FROM unnest(%s::text[]) p WHERE has_table_privilege(%s, 'audit.log', p)"
    assert ask(filled, query, privileges, f"{filled.database}_{part}") == TABLES[part]


@pytest.mark.parametrize("part", ROLES)
def test_no_role_enters_another_database_of_the_server(filled, part: str) -> None:
    entered = ask(
        filled,
        "SELECT datname FROM pg_database WHERE datallowconn AND datname IN ('postgres', 'template1') "
        "AND (has_database_privilege(%(role)s, oid, 'CONNECT') OR has_database_privilege(%(role)s, oid, 'TEMPORARY'))",
        role=f"{filled.database}_{part}",
    )
    assert entered == set()


@pytest.mark.parametrize("part", ("migrate", "app", "readonly", "backup"))
@pytest.mark.parametrize("database", ("postgres", "template1"))
def test_the_server_refuses_a_role_that_tries(filled, part: str, database: str) -> None:
    import psycopg

    from tests.embedded.data.conftest import password_of

    with pytest.raises(psycopg.OperationalError, match="permission denied for database"):
        psycopg.connect(filled.url(f"{filled.database}_{part}", password_of(part), database))


@pytest.mark.parametrize("part", ROLES)
def test_no_role_has_power_over_the_server_or_reads_more_of_its_catalog_than_a_stranger(filled, part: str) -> None:
    role = f"{filled.database}_{part}"
    assert ask(filled, f"SELECT rolname FROM pg_roles WHERE rolname = %s AND ({ATTRIBUTES})", role) == set()
    stranger = ask(filled, LIKE_A_STRANGER, f"{filled.database}_stranger")
    assert "pg_roles" in stranger and "pg_authid" not in stranger
    assert ask(filled, LIKE_A_STRANGER, role) == stranger


@pytest.mark.parametrize("part", ROLES)
def test_no_role_runs_a_function_of_the_server_that_a_stranger_may_not(filled, part: str) -> None:
    """Large objects aside, which the app and the migrations may make."""
    query = "SELECT oid::regprocedure::text FROM pg_proc WHERE pronamespace = 'pg_catalog'::regnamespace AND proname !~ '^lo_' "
    query += "AND has_function_privilege(%s, oid, 'EXECUTE') AND NOT has_function_privilege(%s, oid, 'EXECUTE')"
    assert ask(filled, query, f"{filled.database}_{part}", f"{filled.database}_stranger") == set()


@pytest.mark.parametrize("part", ROLES)
def test_no_role_is_another_but_the_migrating_one_and_the_app_only_where_it_says_so(filled, part: str) -> None:
    query = "SELECT rolname FROM pg_roles WHERE pg_has_role(%(role)s, oid, 'MEMBER') AND rolname <> %(role)s"
    owner = {"pg_database_owner"} if part in ("owner", "migrate") else set()
    others = owner | ({f"{filled.database}_owner"} if part == "migrate" else set())
    others |= {"anon", "authenticated", "supabase_auth_admin"} if part == "app" else set()
    assert ask(filled, query, role=f"{filled.database}_{part}") == others


@pytest.mark.parametrize("role", SHARED)
def test_what_a_role_may_that_databases_share(filled, role: str) -> None:
    assert ask(filled, ASKED, role=role) == (set() if role == "supabase_auth_admin" else {"use public"})
    assert (
        ask(filled, f"SELECT rolname FROM pg_roles WHERE rolname = %s AND (rolcanlogin OR {ATTRIBUTES})", role) == set()
    )
    assert ask(filled, "SELECT rolbypassrls FROM pg_roles WHERE rolname = %s", role) == {role == "service_role"}
    assert ask(filled, "SELECT 1 WHERE pg_has_role(%s, 'pg_read_all_data', 'MEMBER')", role) == set()
    granted = ask(filled, "SELECT relname FROM pg_class, aclexplode(relacl) WHERE grantee = %s::regrole", role)
    assert granted == set()


def test_the_app_inherits_nothing_from_whom_it_acts_as_and_is_never_the_service_role(filled) -> None:
    import psycopg

    query = "SELECT rolname FROM pg_roles WHERE pg_has_role(%s, oid, '{}') AND rolname = ANY(%s)"
    name = f"{filled.database}_app"
    assert ask(filled, query.format("USAGE"), name, list(SHARED)) == set()
    assert ask(filled, query.format("SET"), name, list(SHARED)) == set(SHARED) - {"service_role"}
    with filled.connect("app") as conn:
        for role in sorted(set(SHARED) - {"service_role"}):
            with conn.transaction():
                conn.execute("SELECT set_config('role', %s, true)", [role])
                assert conn.execute("SELECT current_user").fetchone() == (role,)
        with pytest.raises(psycopg.errors.InsufficientPrivilege), conn.transaction():
            conn.execute("SET LOCAL ROLE service_role")


@pytest.mark.parametrize(
    "attempt",
    [
        "select rolpassword from pg_authid",
        "select passwd from pg_shadow",
        "select pg_create_physical_replication_slot('mine', true)",
        "select pg_create_logical_replication_slot('mine', 'pgoutput')",
        "select lo_create(0)",
        "select pg_read_file('/etc/passwd')",
    ],
)
@pytest.mark.parametrize("part", ("readonly", "backup"))
def test_who_reads_can_neither_steal_passwords_nor_fill_the_disk(filled, part: str, attempt: str) -> None:
    import psycopg

    with filled.connect(part) as conn:
        conn.execute("set default_transaction_read_only = off")
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(attempt)


def test_the_backup_role_makes_no_stream_of_changes(filled) -> None:
    import psycopg

    with pytest.raises(psycopg.OperationalError, match="REPLICATION"):
        psycopg.connect(filled.role_url("backup"), replication="true")


def test_a_stack_that_was_set_up_before_is_brought_to_the_same(filled) -> None:
    """As version 2 of the split made it: the backup role could read and stream everything, and saw no schema's grants."""
    name = filled.database
    with filled.connect("admin") as conn:
        conn.execute(f"alter role {name}_backup replication; grant pg_read_all_data to {name}_backup")
        conn.execute("grant connect on database postgres to public; grant connect on database template1 to public")
        for kind in ("tables", "sequences", "schemas"):
            conn.execute(f"alter default privileges for role {name}_owner revoke all on {kind} from {name}_backup")
        for schema in ("public", "audit", "slipway"):
            conn.execute(f"revoke all on schema {schema} from {name}_backup")
            conn.execute(f"revoke all on all tables in schema {schema} from {name}_backup")
        conn.execute(f"revoke delete on notes from {name}_app")
    changed = filled.run("roles")["changed"]
    assert f"role {name}_backup: no longer member of pg_read_all_data" in changed
    assert "database postgres: nothing for PUBLIC" in changed and "database template1: nothing for PUBLIC" in changed
    assert ask(filled, ASKED, role=f"{name}_backup") == MAY["backup"]
    assert filled.value("select count(*) from audit.log", "backup") == 0
    assert filled.value("select count(*) from slipway.history", "backup") == 1
    # What a migration took away from the app is not given back with it.
    assert filled.value(f"select has_table_privilege('{name}_app', 'notes', 'delete')") is False
    assert filled.run("roles")["changed"] == []


def test_a_backup_is_taken_by_the_backup_role_and_by_the_administrator_where_that_one_sees_less(filled) -> None:
    from slipway.data import endpoints
    from slipway.data.backups import source

    ends = endpoints.read(filled.env)
    assert source.choose(ends).where == source.BACKUP
    with filled.connect("admin") as conn:
        conn.execute("create table by_the_superuser (id int)")
    try:
        assert source.choose(ends).where == source.ADMIN
    finally:
        with filled.connect("admin") as conn:
            conn.execute("drop table by_the_superuser")
