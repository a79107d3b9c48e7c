"""What a project has had since its copy comes into the copy, whole or not at all, and twice the same."""

from __future__ import annotations

import json
import random
import re
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest

from slipway.data.backups import fingerprint
from slipway.data.endpoints import Endpoints, Secret
from slipway.data.supabase import Project
from slipway.errors import LockHeld, SettingsError, VerificationError
from slipway.supabase.copying.leave import LEFT
from slipway.supabase.delta import baseline, references, schema
from slipway.supabase.delta.delta import delta
from slipway.supabase.interface import Brought, Delta, TableChange
from tests.support.supabase import source as support
from tests.support.supabase.source import Source, source
from tests.support.tree import ROOT
from tests.support.waiting import until
from tests.support.working_copy import WorkingCopy

COPY = "followed"
NEW = "00000000-0000-4000-8000-00000000eeee"
CHANGING = Path(support.__file__).with_name("changing.sql")
DELETE = "set storage.allow_delete_query = 'true'"


@pytest.fixture(scope="module")
def changing(postgres_of_debian) -> Iterator[Source]:
    """A project that the tests change."""
    with source(rows=50) as made:
        support.run(made, made.url, CHANGING)
        yield made


@pytest.fixture(scope="module")
def ends(changing: Source, stack: WorkingCopy) -> Endpoints:
    """The stack's endpoints, after the project was copied into a database of its own."""
    done = stack.invoke("supabase.copy", "--into", COPY, SUPABASE_DB_URL=changing.url)
    assert done.returncode == 0, done.stdout + done.stderr
    admin = stack.database_url("postgres")
    return Endpoints(admin_url=Secret(admin), migrate_url=Secret(admin), supabase=Project(db_url=Secret(changing.url)))


def connect(ends: Endpoints) -> psycopg.Connection:
    return psycopg.connect(ends.admin_url.value.rpartition("/")[0] + f"/{COPY}", autocommit=True)


def bring(ends: Endpoints, **options: bool) -> Brought:
    return delta(ends, Delta(into=COPY, **options), lambda event: None)


def marks(conn: psycopg.Connection, without: tuple[str, ...] = ()) -> dict:
    """Rows and hash of each table, as one session sees them."""
    with conn.transaction():
        fingerprint.settle(conn)
        return baseline.marks(conn, [name for name, _, _ in fingerprint.tables(conn, without)])


def assert_same(changing: Source, ends: Endpoints) -> None:
    with changing.connect("supabase_admin") as theirs, connect(ends) as ours:
        assert marks(ours, ("slipway",)) == marks(theirs, tuple(LEFT))


def change(changing: Source, *statements: str, role: str = "postgres") -> None:
    with changing.connect(role) as conn:
        for statement in statements:
            conn.execute(statement)


def told(brought: Brought) -> dict[str, tuple[int, int, int]]:
    return {each.table: (each.inserted, each.changed, each.deleted) for each in brought.tables}


EVERY = {
    "public.kinds": (
        (
            "insert into public.kinds (code, amount, words, price) values ('new', 5, '{x}', '(1,USD)')",
            "update public.kinds set facts = '{\"n\": 1.5}', amount = 9 where code = 'A'",
            "delete from public.kinds where code = ''",
        ),
        (1, 1, 1),
    ),
    "public.journal": (("delete from public.journal where ctid = '(0,1)'",), (3, 0, 4)),
    "public.pairs": (
        ("update public.pairs set name = upper(name::text) where value = '3'", "update public.pairs set value = 'x' where value < '2'"),
        (1, 11, 1),
    ),
    "public.moods": (("insert into public.moods values ('high', 2)", "update public.moods set n = 3 where mood = 'low'"), (1, 1, 0)),
    "public.slots": (
        (
            "update public.slots set place = -place - 100000",
            "update public.slots set place = 100000 + id where id < 4000",
            "update public.slots set id = 9999 where id = 7",
        ),
        (1, 5020, 1),
    ),
    "public.coded": (("update public.coded set n = 0 where n < 3",), (0, 2, 0)),
    "public.hens": (("insert into public.hens values (3, 3)", "insert into public.eggs values (3, 3)"), (1, 0, 0)),
    "public.eggs": ((), (1, 0, 0)),
    "public.events_2025": (("update public.events set at = '2025-06-01' where id = 1",), (1, 0, 0)),
    "public.events_2024": ((), (0, 0, 1)),
    "billing.invoices": (
        ("alter table billing.invoices disable rule no_truncation", "delete from billing.invoices where issued < '2020-01-01'",
         "alter table billing.invoices enable rule no_truncation"),
        (0, 0, 1),
    ),
    "public.attachments": (("insert into public.attachments select 13, lo_from_bytea(0, repeat('n', 3000000)::bytea)",), (1, 0, 0)),
    "large objects": (("select lo_put(bytes, 0, 'CHANGED') from public.attachments where id = 12",), (1, 1, 0)),
}  # fmt: skip


def test_every_kind_of_change_comes_and_the_project_is_only_read(changing: Source, ends: Endpoints) -> None:
    for statements, _ in EVERY.values():
        with changing.connect() as conn, conn.transaction():
            for statement in statements:
                conn.execute(statement)
    change(changing, "select nextval('public.invoice_numbers')")
    expected = {name: counts for name, (_, counts) in EVERY.items()}
    ask = "select pg_current_xact_id()::text::bigint"
    with psycopg.connect(changing.admin_url, autocommit=True) as admin:
        before = admin.execute(ask).fetchone()[0]
        assert told(bring(ends, dry_run=True)) == expected
        brought = bring(ends)
        assert admin.execute(ask).fetchone()[0] == before + 1  # the question itself
    assert told(brought) == expected
    assert TableChange("public.journal", 3, 0, 4, whole=True) in brought.tables
    assert all(check.ok for check in brought.checks) and brought.sequences
    assert_same(changing, ends)
    again = bring(ends)
    assert (again.tables, again.sequences, again.since) == ((), 0, brought.begun)


def test_sequences_and_materialized_views_follow(changing: Source, ends: Endpoints) -> None:
    change(
        changing,
        "insert into public.readings (sensor, at, value) values (5, now(), 1)",
        "select setval('public.tags_id_seq', 7, false)",
    )
    change(changing, "refresh materialized view public.readings_by_sensor")
    bring(ends)
    with changing.connect() as theirs, connect(ends) as ours:
        for query in (
            "select last_value, is_called from public.tags_id_seq",
            "select last_value, is_called from public.readings_id_seq",
            "select r::text from public.readings_by_sensor r order by sensor",
        ):
            assert ours.execute(query).fetchall() == theirs.execute(query).fetchall()


def test_a_new_user_has_one_profile_and_an_object_goes_whose_bytes_are_named(changing: Source, ends: Endpoints) -> None:
    change(changing, f"insert into auth.users (id, email) values ('{NEW}', 'late@example.org')", role="supabase_admin")
    with changing.connect("supabase_admin") as conn:
        conn.execute(DELETE)
        gone = conn.execute(
            "delete from storage.objects where id = (select id from storage.objects order by id limit 1) "
            "returning concat_ws('/', bucket_id, name, version)"
        ).fetchone()[0]
    brought = bring(ends)
    assert told(brought) == {"auth.users": (1, 0, 0), "public.profiles": (1, 0, 0), "storage.objects": (0, 0, 1)}
    assert (brought.orphans, brought.orphan_names) == (1, (gone,))
    assert_same(changing, ends)


def test_triggers_work_again_afterwards(ends: Endpoints) -> None:
    with connect(ends) as conn, conn.transaction(force_rollback=True):
        conn.execute("insert into auth.users (id, email) values (gen_random_uuid(), 'x@example.org')")
        assert conn.execute("show session_replication_role").fetchone() == ("origin",)


def test_a_reference_that_leads_nowhere_is_found(ends: Endpoints) -> None:
    tables = ["public.hens", "public.eggs", "public.events_2024", "public.pairs"]
    with connect(ends) as conn, conn.transaction(force_rollback=True):
        assert references.check(conn, tables).ok
        conn.execute("set local session_replication_role = replica")
        conn.execute("update public.eggs set hen = 4000")
        found = references.check(conn, tables)
        assert not found.ok and found.found.startswith("eggs_hen_fkey of ")


@pytest.mark.parametrize(
    ("make", "name", "undo"),
    [
        ("create table public.later (id int primary key)", "table public.later", "drop table public.later"),
        ("alter type public.mood add value 'none'", "labels", ""),
        ("alter table public.slots add check (id > -1000)", "constraint slots_id_check of public.slots",
         "alter table public.slots drop constraint slots_id_check"),
        ("create or replace function public.is_admin() returns boolean language sql stable as 'select false'",
         "body differs", ""),
        ("drop policy \"Own memberships\" on public.memberships", 'policy "Own memberships" of public.memberships', ""),
    ],
)  # fmt: skip
def test_a_schema_that_changed_is_refused_and_named(
    changing: Source, ends: Endpoints, make: str, name: str, undo: str
) -> None:
    change(changing, "insert into public.readings (sensor, at, value) values (6, now(), 1)", make)
    try:
        with connect(ends) as conn:
            before = marks(conn)
            with pytest.raises(VerificationError) as refused:
                bring(ends)
            assert name in "\n".join((refused.value.found, *refused.value.log))
            assert marks(conn) == before
            forget_schema(changing, conn, undo)
    finally:
        bring(ends)


def forget_schema(changing: Source, conn: psycopg.Connection, undo: str) -> None:
    """Takes the change back, or where that cannot be, has it in the copy as well and its memory."""
    if undo:
        change(changing, undo)
        return
    with changing.connect() as theirs, theirs.transaction():
        theirs.execute("set local search_path = ''")
        now = schema.look(theirs)
    conn.execute(f"update {baseline.TABLE} set schema = %s", (json.dumps(now),))


def test_a_migration_of_the_copy_that_does_not_fit_is_refused(changing: Source, ends: Endpoints) -> None:
    with connect(ends) as conn:
        conn.execute("alter table public.slots add column here text")
        with pytest.raises(VerificationError, match=r"table public\.slots: .*here text"):
            bring(ends)
        conn.execute("alter table public.slots drop column here")
        conn.execute("create table public.ours (id int)")
        bring(ends)
        conn.execute("drop table public.ours")


def test_rows_that_changed_here_are_refused_by_name_until_one_says_so(changing: Source, ends: Endpoints) -> None:
    change(changing, "insert into public.coded values (gen_random_uuid(), 77)")
    with connect(ends) as conn:
        conn.execute("insert into public.moods values ('high', 5) on conflict (mood) do update set n = 99")
        with pytest.raises(VerificationError, match=r"rows changed here since the copy: public\.moods$"):
            bring(ends)
        assert conn.execute("select count(*) from public.coded where n = 77").fetchone() == (0,)
    assert bring(ends, overwrite=True).overwritten == ("public.moods",)
    assert_same(changing, ends)


def test_a_row_that_changed_here_as_there_is_no_quarrel(changing: Source, ends: Endpoints) -> None:
    new = "insert into public.coded values ('00000000-0000-4000-8000-00000000abcd', 1)"
    change(changing, new)
    with connect(ends) as conn:
        conn.execute(new)
    assert bring(ends).tables == ()


def test_a_database_that_is_no_copy_is_refused(ends: Endpoints) -> None:
    with pytest.raises(VerificationError, match="nothing tells what was copied"):
        delta(ends, Delta(into="postgres"), lambda event: None)


def test_who_may_not_silence_triggers_is_told_the_grant(ends: Endpoints) -> None:
    with connect(ends) as conn:
        conn.execute("create role plain login password 'plain'; grant slipway_owner to plain")
        conn.execute("grant pg_read_all_data to plain; alter role plain bypassrls")
    try:
        url = Secret(
            ends.admin_url.value.replace("//" + ends.admin_url.value.split("//")[1].split("@")[0], "//plain:plain", 1)
        )
        with pytest.raises(SettingsError) as refused:
            bring(replace(ends, admin_url=Secret(""), migrate_url=url))
        assert "GRANT SET ON PARAMETER session_replication_role" in refused.value.next
    finally:
        with connect(ends) as conn:
            conn.execute("drop owned by plain; drop role plain")


def test_it_ends_when_somebody_writes_into_the_copy_and_does_not_stop(
    changing: Source, ends: Endpoints, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("slipway.supabase.delta.delta.PATIENCE", "10ms")
    with connect(ends) as conn, conn.transaction(force_rollback=True):
        conn.execute("update public.moods set n = n")
        with pytest.raises(LockHeld):
            bring(ends)


def test_killed_before_its_end_it_leaves_nothing_and_the_next_one_all(
    changing: Source, ends: Endpoints, stack: WorkingCopy
) -> None:
    change(
        changing,
        "update public.slots set place = place + 300000",
        "select setval('public.tags_id_seq', 900)",
        "insert into public.journal (line) values ('late')",
    )
    places = "select last_value from public.tags_id_seq"
    waiting = "select count(*) from pg_stat_activity where datname = %s and wait_event_type = 'Lock'"
    words = ("supabase.delta", "--into", COPY)
    with connect(ends) as conn, connect(ends) as watching:
        before, place = marks(conn), conn.execute(places).fetchone()
        with conn.transaction():
            conn.execute(f"lock table {baseline.TABLE} in exclusive mode")  # what it writes last
            child = stack.start(*words, env={"SUPABASE_DB_URL": changing.url})
            until(
                lambda: watching.execute(waiting, (COPY,)).fetchone()[0] or child.poll(),
                "everything is brought, and not yet proven",
            )
            child.send_signal(signal.SIGKILL)
            child.communicate()
            until(lambda: not watching.execute(waiting, (COPY,)).fetchone()[0], "its session has ended")
        assert (marks(conn), conn.execute(places).fetchone()) == (before, place)
        done = stack.invoke(*words, SUPABASE_DB_URL=changing.url)
        assert done.returncode == 0, done.stdout + done.stderr
        assert "public.slots: 0 new, 5,021 changed, 0 gone" in done.stdout
        assert "every table compared" in done.stdout
        assert conn.execute(places).fetchone() == (900,)
    assert_same(changing, ends)


def test_the_project_can_be_frozen_and_thawed_as_the_guide_says(changing: Source) -> None:
    freeze, end, thaw = re.findall(r"`((?:ALTER|SELECT|BEGIN) [^`]*;)`", (ROOT / "docs/supabase-exit.md").read_text())
    write = "insert into public.journal (line) values ('frozen?')"
    change(changing, freeze, end)
    try:
        with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
            change(changing, write)
    finally:
        change(changing, thaw)
    change(changing, write)


OPERATIONS = (
    "insert into public.pairs values ('{word}', '2024-01-01'::timestamptz + make_interval(secs => {n}), '{word}') on conflict do nothing",
    "update public.pairs set value = '{word}' where value::text < '{word}'",
    "delete from public.pairs where name < '{word}' and hashtext(value) % 5 = {n} % 5",
    "insert into public.kinds (code, amount, facts) values ('{word}', {n}, '{{\"k\": \"{word}\"}}') on conflict (code) do update set amount = {n}",
    "delete from public.kinds where amount < {n}",
    "update public.slots set place = place + 700000 * ({n} + 1) where id % 7 = {n} % 7",
    "delete from public.slots where id % 50 = {n} % 50",
    "insert into public.slots select max(id) + 1, max(place) + 1 from public.slots",
    "insert into public.journal (line) values ('{word}')",
    "delete from public.journal where line < '{word}'",
    "insert into public.events (at, kind) values ('2024-01-01'::timestamptz + make_interval(days => {n}), '{word}')",
    "update public.events set at = at + interval '1 year' where id % 9 = {n} % 9",
    "update public.readings set value = {n}, note = '{word}' where id % 11 = {n} % 11",
    "delete from public.readings where sensor = {n} % 97",
    "update public.tasks set title = title || '{word}', details = '{{\"n\": {n}}}' where id % 2 = {n} % 2",
    "select lo_put(bytes, {n}, '{word}') from public.attachments",
)
WORDS = ("a", "Z", "ä", "Ö", "z", "\U0001f33b", "a b", "A-b", "_", "0", "''", "\uffff")


@pytest.mark.parametrize("seed", range(12))
def test_after_any_changes_both_sides_are_the_same(changing: Source, ends: Endpoints, seed: int) -> None:
    choice = random.Random(seed)
    for _ in range(choice.randint(1, 8)):
        change(changing, choice.choice(OPERATIONS).format(word=choice.choice(WORDS), n=choice.randint(0, 900)))
    bring(ends)
    assert_same(changing, ends)
