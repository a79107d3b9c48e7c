"""What goes wrong with a copy: a network that breaks, a full disk, damage, a project in use. Never half a copy, never a word lost."""

from __future__ import annotations

import random
import re
import resource
import signal
import threading
from collections.abc import Iterator
from urllib.parse import urlsplit

import psycopg
import pytest

from slipway.errors import SettingsError
from slipway.supabase.source import refuse_newer
from tests.support.campaign import sized
from tests.support.supabase.source import PASSWORD, Source, source
from tests.support.tcp_relay import Relay
from tests.support.waiting import PATIENCE, until
from tests.support.working_copy import WorkingCopy

CUTS = sized(4, 50)
SMALL = 64 * 1024  # bytes that a file may have; the dump has more


@pytest.fixture(scope="module")
def busy(postgres_of_debian) -> Iterator[Source]:
    """A project that tests may change."""
    with source(rows=200) as made:
        yield made


def databases(stack: WorkingCopy) -> set[str]:
    with psycopg.connect(stack.database_url("postgres"), autocommit=True) as conn:
        return {name for (name,) in conn.execute("select datname from pg_database")}


def drop(stack: WorkingCopy, name: str) -> None:
    with psycopg.connect(stack.database_url("postgres"), autocommit=True) as conn:
        conn.execute(f"drop database {name}")


def through(project: Source, last: int | None = None) -> tuple[Relay, str]:
    """A way to the project that breaks, and the URL of it."""
    place = urlsplit(project.url)
    relay = Relay("127.0.0.1", place.port, last=last)
    return relay, project.url.replace(f":{place.port}/", f":{relay.port}/")


def test_a_network_that_breaks_at_any_moment_leaves_nothing_or_a_copy(project: Source, stack: WorkingCopy) -> None:
    relay, url = through(project)
    assert stack.invoke("supabase.copy", "--into", "measured", SUPABASE_DB_URL=url).returncode == 0
    relay.cut()
    drop(stack, "measured")
    before, chance = databases(stack), random.Random(1)
    for _ in range(CUTS):
        relay, url = through(project, chance.randrange(relay.answered))
        done = stack.invoke("supabase.copy", "--into", "cut", SUPABASE_DB_URL=url)
        relay.cut()
        assert done.returncode in (0, 4, 7), done.stdout + done.stderr
        assert done.returncode == 0 or len(re.findall("(?m)^error: ", done.stderr)) == 1, done.stderr
        assert PASSWORD not in done.stdout + done.stderr
        if "cut" in databases(stack):
            assert done.returncode == 0
            drop(stack, "cut")
        assert databases(stack) == before, "a database that nobody asked for"
    assert stack.invoke("supabase.copy", "--into", "cut").returncode == 0, "what was cut off is in nobody's way"
    drop(stack, "cut")


def test_a_full_disk_is_a_sentence_and_leaves_nothing(project: Source, stack: WorkingCopy) -> None:
    before = databases(stack)
    child = stack.start(
        "supabase.copy", "--into", "big", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, SMALL))
    )
    out, said = child.communicate()
    assert child.returncode == 7 and "Traceback" not in out + said, out + said
    assert "pg_dump" in said and "make room" in said, said
    assert databases(stack) == before


def test_a_dump_that_was_damaged_is_taken_anew(project: Source, stack: WorkingCopy) -> None:
    child = stack.start("supabase.copy", "--into", "damaged", "--json")
    [whole] = until(lambda: list(stack.root.rglob("copy/manifest.sha256")), "the dump is whole")
    child.send_signal(signal.SIGKILL)
    child.communicate()
    dump = whole.with_name("database.dump")
    dump.write_bytes(dump.read_bytes()[: dump.stat().st_size // 2])
    done = stack.invoke("supabase.copy", "--into", "damaged")
    assert done.returncode == 0, done.stderr
    assert "database.dump is not what was written: another one was taken" in done.stdout
    drop(stack, "damaged")


def test_a_project_in_use_is_copied_as_of_one_moment(busy: Source, stack: WorkingCopy) -> None:
    with busy.connect() as team:
        team.execute("create table public.left_hand (amount bigint); insert into public.left_hand values (1000)")
        team.execute("create table public.right_hand (amount bigint); insert into public.right_hand values (0)")
    ended, begun = threading.Event(), threading.Event()

    def use() -> None:
        with busy.connect() as team:
            while not ended.is_set():
                with team.transaction():
                    team.execute("update public.left_hand set amount = amount - 1")
                    team.execute("update public.right_hand set amount = amount + 1")
                begun.set()

    user = threading.Thread(target=use)
    user.start()
    try:
        assert begun.wait(PATIENCE)
        done = stack.invoke("supabase.copy", "--into", "in_use", SUPABASE_DB_URL=busy.url)
    finally:
        ended.set()
        user.join()
    assert done.returncode == 0, done.stderr
    with psycopg.connect(stack.database_url("postgres").rpartition("/")[0] + "/in_use") as conn:
        left, right = (conn.execute(f"select amount from {side}_hand").fetchone()[0] for side in ("left", "right"))
    assert left + right == 1000 and right > 0
    drop(stack, "in_use")


def test_an_extension_in_a_schema_of_the_teams_and_grants_on_what_stays_behind(
    busy: Source, stack: WorkingCopy
) -> None:
    with psycopg.connect(busy.admin_url, autocommit=True) as admin:
        admin.execute("""
            create schema "geo maps" authorization postgres; create extension ltree schema "geo maps";
            create table "geo maps".paths (path "geo maps".ltree);
            grant usage on schema "geo maps" to anon; grant select on "geo maps".paths to anon;
            create function public.next_job(of cron.job) returns bigint language sql as 'select 1';
            create view public.jobs as select jobid from cron.job;
            grant execute on function public.next_job(cron.job) to authenticated;
            grant select, update (jobid) on public.jobs to authenticated;
            comment on schema "geo maps" is 'Where things are'""")
        try:
            done = stack.invoke("supabase.copy", "--into", "geo", SUPABASE_DB_URL=busy.url)
        finally:
            admin.execute('drop schema "geo maps" cascade; drop function next_job; drop view jobs')
    assert done.returncode == 0, done.stderr
    assert "behind: function public.next_job(cron.job)" in done.stdout and "behind: view public.jobs" in done.stdout
    with psycopg.connect(stack.database_url("postgres").rpartition("/")[0] + "/geo") as conn:
        asked = "select has_table_privilege('anon', '\"geo maps\".paths', 'select'), obj_description('\"geo maps\"'::regnamespace)"
        assert conn.execute(asked).fetchone() == (True, "Where things are")
    drop(stack, "geo")


@pytest.mark.parametrize(
    ("spoil", "code", "said"),
    [
        (lambda url: url.replace("team%3A", "other%3A"), 4, "password authentication failed"),
        (lambda url: url.replace("127.0.0.1", "no-such-host.invalid"), 4, "no-such-host.invalid"),
        (lambda url: url.replace("/postgres", "/nothing_here"), 4, "nothing_here"),
        (lambda url: url.replace("//postgres:", "//reader:"), 2, "auth."),
    ],
    ids=["password", "host", "database", "rights"],
)
def test_a_project_that_does_not_let_us_read_is_said(busy: Source, stack: WorkingCopy, spoil, code: int, said: str):
    with psycopg.connect(busy.admin_url, autocommit=True) as admin:
        admin.execute("drop role if exists reader")
        admin.execute(psycopg.sql.SQL("create role reader login password {}").format(PASSWORD))
    before = databases(stack)
    done = stack.invoke("supabase.copy", "--into", "nobody", SUPABASE_DB_URL=spoil(busy.url))
    assert done.returncode == code and said in done.stderr, done.stderr
    assert PASSWORD not in done.stderr and databases(stack) == before


@pytest.mark.parametrize("major", [17, 18])
def test_a_project_on_a_newer_server_is_refused_with_what_to_set(major: int) -> None:
    refuse_newer(major, 18)
    with pytest.raises(SettingsError) as caught:
        refuse_newer(19, major)
    assert "POSTGRES_VERSION=19" in caught.value.next


REFUSING = """
create function public.refuse() returns event_trigger language plpgsql as $$ begin raise 'nobody grants here'; end $$;
create event trigger refuse on ddl_command_start when tag in ('GRANT') execute function public.refuse()
"""


def test_what_a_copy_has_to_say_is_said_also_when_the_roles_after_it_fail(stack: WorkingCopy) -> None:
    with source(rows=1) as other:
        with other.connect("supabase_admin") as admin:
            admin.execute(REFUSING)
        done = stack.invoke("supabase.copy", "--yes", SUPABASE_DB_URL=other.url)
    assert done.returncode and "nobody grants here" in done.stderr, done.stderr
    assert "stays behind: foreign table billing.archive" in done.stdout and "the database of before is" in done.stdout
