"""A whole project as a database of a stack: everything of the team's is there, works, and was compared; nothing else."""

from __future__ import annotations

import json
import re
import shutil
import signal
import tempfile
from pathlib import Path

import psycopg
import pytest

from slipway.supabase.copying import role_settings
from tests.support.supabase.asking import claims
from tests.support.supabase.source import PASSWORD, Source, source
from tests.support.waiting import until
from tests.support.working_copy import WorkingCopy

SECRETS = (PASSWORD, "foreign-secret", "eyJ")


@pytest.fixture(scope="module")
def told(stack: WorkingCopy) -> str:
    """What the copy into a database of its own has said."""
    done = stack.invoke("supabase.copy", "--into", "moved")
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def connect(stack: WorkingCopy, database: str = "moved", role: str = "postgres") -> psycopg.Connection:
    return psycopg.connect(stack.database_url(role).rpartition("/")[0] + f"/{database}", autocommit=True)


def test_everything_of_the_teams_is_there_as_it_was(project: Source, stack: WorkingCopy, told: str) -> None:
    done = stack.invoke("supabase.prove", "--database", "moved")
    assert "✓ definitions" in done.stdout and "✓ rows" in done.stdout, done.stdout + done.stderr


def test_it_says_what_was_compared_and_what_stays_behind_and_no_secret(told: str) -> None:
    assert "compared row by row" in told
    assert "stays behind: trigger tasks webhook on table public.tasks" in told
    assert "stays behind: foreign table billing.archive" in told
    assert "event trigger" not in told and not [secret for secret in SECRETS if secret in told]


def test_one_role_owns_everything_and_is_no_superuser(stack: WorkingCopy, told: str) -> None:
    with connect(stack) as conn:
        owners = conn.execute(
            "select distinct pg_get_userbyid(relowner) from pg_class c join pg_namespace n on n.oid = c.relnamespace "
            "where n.nspname in ('public', 'billing', 'auth', 'storage') and not exists (select from pg_depend e "
            "where e.objid = c.oid and e.deptype = 'e')"
        ).fetchall()
        assert owners == [("slipway_owner",)]
        assert conn.execute("select rolsuper from pg_roles where rolname = 'slipway_owner'").fetchone() == (False,)


def test_policies_hold_in_the_copy(project: Source, stack: WorkingCopy, told: str) -> None:
    seen = "select id from public.profiles order by 1"
    with connect(stack) as conn, project.connect("supabase_admin") as before:
        for who in ("ada", "ben", "cem", None):
            counts = []
            for each in (before, conn):
                with each.transaction(force_rollback=True):
                    each.execute(f"set local role {'authenticated' if who else 'anon'}")
                    if who:
                        each.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(claims(who))])
                    counts.append(
                        [
                            each.execute(f"select count(*) from {table}").fetchone()[0]
                            for table in ("public.profiles", "public.tasks", "storage.objects")
                        ]
                    )
            assert counts[0] == counts[1], who
        assert conn.execute(seen).fetchall() == before.execute(seen).fetchall()


def test_the_role_of_logins_reads_them_and_nobody_else_does(stack: WorkingCopy, told: str) -> None:
    with connect(stack) as conn:
        counts = "select count(*) from auth.users"
        total = conn.execute(counts).fetchone()
        with conn.transaction(force_rollback=True):
            conn.execute("set local role supabase_auth_admin")
            assert conn.execute(counts).fetchone() == total
        for role in ("anon", "authenticated", "slipway_readonly"):
            with pytest.raises(psycopg.errors.InsufficientPrivilege), conn.transaction():
                conn.execute(f"set local role {role}")
                conn.execute(counts)


def test_a_new_user_gets_a_profile_by_the_trigger_of_the_team(stack: WorkingCopy, told: str) -> None:
    with connect(stack) as conn, conn.transaction(force_rollback=True):
        conn.execute("set local role slipway_owner")
        new = "00000000-0000-4000-8000-00000000ffff"
        conn.execute("insert into auth.users (id, email) values (%s, 'new@example.org')", [new])
        assert conn.execute("select count(*) from public.profiles where id = %s", [new]).fetchone() == (1,)


SET = """
select coalesce(r.rolname::text, ''), coalesce(d.datname::text, ''), s.setconfig from pg_db_role_setting s
left join pg_roles r on r.oid = s.setrole left join pg_database d on d.oid = s.setdatabase
where coalesce(r.rolname, '') in ('', 'anon', 'authenticated', 'service_role', 'reporting')
and (s.setdatabase = 0 or d.datname = %s) order by 1
"""
SETTINGS = [
    ("", ["default_statistics_target=150", 'search_path="$user", public, extensions']),
    ("anon", ["statement_timeout=3s"]),
    ("authenticated", ["statement_timeout=8s"]),
    ("reporting", ['search_path=billing, "Odd, Path"', "work_mem=8MB"]),
]


def test_settings_of_roles_and_of_the_database_come_for_the_copy_alone(stack: WorkingCopy, told: str) -> None:
    with connect(stack) as conn:
        assert conn.execute(SET, ["moved"]).fetchall() == [(role, "moved", config) for role, config in SETTINGS]
    assert "stays behind: setting pgrst.db_max_rows of role anon: read by PostgREST alone" in told
    assert "stays behind: setting session_preload_libraries of role reporting" in told
    assert "stays behind: setting app.settings.jwt_secret of the database: may be a secret" in told
    assert "made-up-secret" not in told


@pytest.mark.parametrize(
    ("role", "name", "comes"),
    [
        ("", "timezone", True),
        ("", "default_transaction_read_only", False),  # the freeze of a switch
        ("", "search_path", False),
        ("", "app.settings.jwt_exp", False),
        ("anon", "default_transaction_read_only", True),
        ("anon", "search_path", True),
    ],
)
def test_what_freezes_the_project_and_what_the_copy_has_itself_stays(role: str, name: str, comes: bool) -> None:
    assert bool(role_settings.coming([role_settings.Setting(role, name, "on")])) is comes


def test_later_tables_are_granted_as_those_before(stack: WorkingCopy, told: str) -> None:
    with connect(stack) as conn, conn.transaction(force_rollback=True):
        conn.execute("set local role slipway_owner")
        conn.execute("create table public.later (id int); create table billing.later (id int)")
        may = "select has_table_privilege(%s, %s, 'select')"
        for role, table, expected in (
            ("anon", "public.later", True),
            ("reporting", "billing.later", True),
            ("reporting", "public.later", False),
            ("anon", "billing.later", False),
        ):
            assert conn.execute(may, [role, table]).fetchone() == (expected,), (role, table)
        assert not conn.execute(may, ["anon", "slipway.supabase_copy"]).fetchone()[0]


def test_the_project_was_only_read(project: Source, stack: WorkingCopy, told: str) -> None:
    with psycopg.connect(project.admin_url, autocommit=True) as conn:
        ask = "select pg_current_xact_id()::text::bigint"
        before = conn.execute(ask).fetchone()[0]
        assert stack.invoke("supabase.copy", "--into", "again").returncode == 0
        assert conn.execute(ask).fetchone()[0] == before + 1  # the question itself


def test_a_name_that_is_taken_is_refused(stack: WorkingCopy, told: str) -> None:
    done = stack.invoke("supabase.copy", "--into", "moved")
    assert done.returncode == 2 and "moved is there already" in done.stderr


def test_in_the_place_of_the_live_one_it_wants_a_yes_and_keeps_that(stack: WorkingCopy) -> None:
    refused = stack.invoke("supabase.copy")
    assert refused.returncode == 2 and "--yes" in refused.stderr
    done = stack.invoke("supabase.copy", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    kept = re.search(r"the database of before is (\S+);", done.stdout)[1]
    with connect(stack, kept) as before, connect(stack, "slipway") as now:
        assert before.execute("select to_regclass('slipway.history') is not null").fetchone() == (True,)
        assert now.execute("select to_regclass('billing.invoices') is not null").fetchone() == (True,)
        assert [role for role, *_ in now.execute(SET, ["slipway"])] == [role for role, _ in SETTINGS]
    for role in ("app", "readonly"):
        with connect(stack, "slipway", role) as conn, pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute("select count(*) from auth.users")
    with connect(stack, "slipway", "app") as app:
        assert app.execute("show search_path").fetchone() == ('"$user", public, extensions',)


def test_no_migration_of_others_is_run_on_a_copy(stack: WorkingCopy) -> None:
    assert stack.invoke("supabase.copy", "--yes").returncode == 0
    for verb in ("up", "db.migrate"):
        refused = stack.invoke(verb)
        assert refused.returncode == 5 and "./invoke supabase.migrations" in refused.stderr, refused.stderr
    assert stack.psql("select count(*) from slipway.history") == "0"


def test_a_copy_that_was_killed_goes_on_with_the_dump_that_is_whole(stack: WorkingCopy) -> None:
    child = stack.start("supabase.copy", "--into", "killed", "--json")
    until(lambda: list(stack.root.rglob("copy/manifest.sha256")), "the dump is whole")
    child.send_signal(signal.SIGKILL)
    child.communicate()
    done = stack.invoke("supabase.copy", "--into", "killed", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "was there and whole" in done.stdout
    assert not list(stack.root.rglob("copy/manifest.sha256")), "the dump goes when the copy is there"


MADE = "create table regions.places (id int); create table regions.notes (id int)"
EXTENSION = {
    "regions.control": "default_version = '1.0'\nschema = regions\nsuperuser = true\n",
    "regions--1.0.sql": f"{MADE}; insert into regions.places values (1), (2);\n"
    "select pg_extension_config_dump('regions.places', 'where id > 2');\n",
}
# As if it had been made there: no server before 18 takes one from elsewhere than its own directory.
INSTALLED = f"""
create schema regions; {MADE}; insert into regions.places values (1), (2), (7); insert into regions.notes values (1);
insert into pg_extension select 70000, 'regions', 10, 'regions'::regnamespace, true, '1.0',
    array['regions.places'::regclass]::oid[], array['where id > 2'];
alter extension regions add table regions.places; alter extension regions add table regions.notes
"""


def test_rows_in_tables_of_extensions_come_where_a_dump_has_them_and_are_named_where_not(stack: WorkingCopy) -> None:
    folder = Path(tempfile.mkdtemp(prefix="slipway-extension-"))  # pytest's own are closed to the server's user
    (folder / "extension").mkdir()
    folder.chmod(0o755)
    for name, text in EXTENSION.items():
        (folder / "extension" / name).write_text(text)
    with source(rows=1) as other, connect(stack, "postgres") as server:
        server.execute(f"alter role postgres set extension_control_path = '{folder}:$system'")
        try:
            with other.connect("supabase_admin") as admin:
                admin.execute(INSTALLED)
            done = stack.invoke("supabase.copy", "--into", "regional", SUPABASE_DB_URL=other.url)
            assert done.returncode == 0, done.stdout + done.stderr
            with connect(stack, "regional") as conn:
                assert conn.execute("select id from regions.places order by 1").fetchall() == [(1,), (2,), (7,)]
                conn.execute("delete from regions.places where id = 7")
            proof = stack.invoke("supabase.prove", "--database", "regional", SUPABASE_DB_URL=other.url)
        finally:
            server.execute("alter role postgres reset extension_control_path")
            shutil.rmtree(folder)
    places, notes = (f"regions.{name} of extension regions: 0 instead of 1" for name in ("places", "notes"))
    assert f"! {notes}: no dump has its rows" in done.stdout
    assert places in proof.stdout and f"rows of {notes}" in proof.stdout


def test_a_table_that_the_target_cannot_make_stops_it_before_anything_is_made(stack: WorkingCopy) -> None:
    with source(rows=1) as other:
        with other.connect() as team:
            team.execute("create table public.due (id int primary key, at bigint default nextval('cron.jobid_seq'))")
        refused = stack.invoke("supabase.copy", "--into", "half", SUPABASE_DB_URL=other.url)
    assert refused.returncode == 2 and "public.due" in refused.stderr
    with connect(stack, "postgres") as conn:
        names = {name for (name,) in conn.execute("select datname from pg_database")}
    assert not [name for name in names if name == "half" or "_restore_" in name.replace("before_restore", "")]
