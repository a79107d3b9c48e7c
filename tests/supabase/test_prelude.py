"""A team's Supabase migrations on a plain stack, after the prelude: they run, and their policies act."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from slipway.data.postgres import catalog
from tests.support.clone import free_port
from tests.support.working_copy import WorkingCopy, copy_to

TEAMS = Path(__file__).parents[1] / "support/supabase/migrations"
ADA, BOB = "00000000-0000-4000-9000-00000000000a", "00000000-0000-4000-9000-00000000000b"
# What files name without a schema is found in the session that has just run the prelude.
UNQUALIFIED = "create table public.labels (id uuid primary key default uuid_generate_v4(), name citext not null);\n"


@pytest.fixture(scope="module")
def plain() -> Iterator[WorkingCopy]:
    """A stack without migrations, on whose server an administrator has made what no migrating role may."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-prelude-"))
    copy = copy_to(folder / "work tree")
    copy.env |= {"HTTP_PORT": str(free_port())}
    for name in ("migrations", "fixtures"):
        shutil.rmtree(copy.root / name)
        (copy.root / name).mkdir()
    try:
        copy.up()
        with psycopg.connect(copy.database_url("postgres"), autocommit=True) as admin:
            (owner,) = admin.execute(
                "select pg_get_userbyid(datdba) from pg_database where datname = current_database()"
            ).fetchone()
            admin.execute(f'create schema extensions authorization "{owner}"')
            admin.execute("create extension moddatetime schema extensions")
            admin.execute("create domain extensions.vector as real[]")
        yield copy
    finally:
        copy.clean()
        shutil.rmtree(folder)


@pytest.fixture(scope="module")
def teams(plain: WorkingCopy) -> Path:
    """Their directory, as the Supabase CLI has it."""
    folder = plain.root / "supabase/migrations"
    shutil.copytree(TEAMS, folder)
    (folder / "20260701090000_labels.sql").write_text(UNQUALIFIED)
    return folder


@pytest.fixture(scope="module")
def migrated(plain: WorkingCopy, teams: Path) -> WorkingCopy:
    """The stack after the prelude and all of theirs that a plain Postgres can run."""
    refused = plain.invoke("supabase.prelude", "--directory", "supabase/migrations")
    assert refused.returncode == 5 and not list((plain.root / "migrations").iterdir())
    for name in ("net.http_post", "vault.decrypted_secrets", "supabase_functions.http_request", "pgmq.create"):
        assert name in refused.stdout + refused.stderr
    assert "20240601100000_platform.sql:2:1" in refused.stderr
    for each in teams.glob("*_platform.sql"), teams.glob("*_billing.sql"):
        next(each).unlink()
    written = plain.invoke(
        "supabase.prelude", "--directory", "supabase/migrations", "--extensions", "citext,pg_trgm,moddatetime", "--json"
    )
    assert written.returncode == 0, written.stderr
    assert json.loads(written.stdout.splitlines()[-1])["files"] == [
        f"migrations/001_supabase_prelude.{way}.sql" for way in ("up", "down")
    ]
    for words in (("db.import", "supabase", "supabase/migrations"), ("db.migrate",)):
        done = plain.invoke(*words)
        assert done.returncode == 0, done.stdout + done.stderr
    return plain


def ask(stack: WorkingCopy, query: str, role: str, user: str = "") -> list[tuple]:
    """The rows that somebody sees, asked as the app asks: with its own login, and the role of one transaction."""
    with psycopg.connect(stack.database_url("app")) as conn, conn.transaction(force_rollback=True):
        conn.execute(f"set local role {role}")
        conn.execute(
            "select set_config('request.jwt.claims', %s, true)",
            [json.dumps({"sub": user, "role": role}) if user else ""],
        )
        return conn.execute(query).fetchall()


def test_policies_act_by_who_is_asking(migrated: WorkingCopy) -> None:
    with psycopg.connect(migrated.database_url("postgres"), autocommit=True) as admin:
        for user in (ADA, BOB):
            admin.execute(
                "insert into auth.users (id, email, raw_user_meta_data) values (%s, %s, '{}')",
                [user, f"{user}@example.org"],
            )
            admin.execute("insert into public.tasks (owner_id, title) values (%s, %s)", [user, f"of {user}"])
        admin.execute("insert into storage.buckets (id, name) values ('private files', 'private files')")
        for user in (ADA, BOB):
            admin.execute(
                "insert into storage.objects (bucket_id, name, owner_id) values ('private files', %s, %s)",
                [f"{user}/a.txt", user],
            )
    assert ask(migrated, "select title from tasks", "authenticated", ADA) == [(f"of {ADA}",)]
    assert ask(migrated, "select title from tasks", "authenticated") == []
    assert ask(migrated, "select name from storage.objects", "authenticated", BOB) == [(f"{BOB}/a.txt",)]
    # The trigger on auth.users that plain dumps leave out.
    assert ask(migrated, "select id::text from profiles", "authenticated", BOB) == [(BOB,)]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        ask(migrated, f"insert into tasks (owner_id, title) values ('{ADA}', 'x') returning id", "authenticated", BOB)


def test_names_are_found_without_their_schema_by_new_sessions_too(migrated: WorkingCopy) -> None:
    assert ask(migrated, "select uuid_generate_v4() is not null, 'A'::citext = 'a'", "anon") == [(True, True)]


def test_another_prelude_is_refused(migrated: WorkingCopy) -> None:
    refused = migrated.invoke("supabase.prelude")
    assert refused.returncode == 5 and "is there already" in refused.stderr


def test_it_can_be_run_again_and_changes_no_object(migrated: WorkingCopy) -> None:
    text = (migrated.root / "migrations/001_supabase_prelude.up.sql").read_text()
    with psycopg.connect(migrated.database_url("migrate"), autocommit=True) as conn:
        before = catalog.snapshot(conn)
        conn.execute(text)
        assert catalog.difference(before, catalog.snapshot(conn)) == []


def test_its_way_back_leaves_what_was_there_before(migrated: WorkingCopy) -> None:
    folder = migrated.root / "migrations"
    up, down = ((folder / f"001_supabase_prelude.{way}.sql").read_text() for way in ("up", "down"))
    with psycopg.connect(migrated.database_url("postgres"), autocommit=True) as admin:
        admin.execute("create database there_and_back owner slipway_owner")
        try:
            url = migrated.database_url("postgres").rpartition("/")[0] + "/there_and_back"
            with psycopg.connect(url, autocommit=True) as conn:
                conn.execute("create extension moddatetime; set role slipway_owner")
                before = catalog.snapshot(conn)
                conn.execute(up)
                conn.execute(down)
                left = catalog.difference(before, catalog.snapshot(conn))
            assert [
                each
                for each in left
                if not each.startswith(
                    ("extension ", "schema extensions:", "comment on schema extensions:", "schema public:")
                )
            ] == []
        finally:
            admin.execute("drop database there_and_back")
