"""What stays on the platform: its own, and nothing of the team's that has the same name."""

from __future__ import annotations

import psycopg
import pytest

from slipway.errors import SettingsError
from slipway.supabase.copying import leave
from slipway.supabase.interface import BY_HAND
from slipway.supabase.inventory import sealed
from slipway.supabase.inventory.project import Project, Target
from tests.support.supabase.losses import RESTRICTING
from tests.support.supabase.source import Source

ETL = "create schema if not exists etl; "


def looked(project: Source, change: str) -> leave.Left:
    """What stays after a change, of which nothing remains."""
    with psycopg.connect(project.admin_url) as conn, conn.transaction(force_rollback=True):
        conn.execute("set local search_path = ''")
        conn.execute(change)
        return leave.look(conn, [])


@pytest.mark.parametrize(
    ("change", "lost"),
    [
        ("create table etl.orders (id int); alter table etl.orders owner to postgres", "etl.orders"),
        (
            "create table etl.parts (id int) partition by list (id); alter table etl.parts owner to reporting",
            "etl.parts",
        ),
        ("create materialized view etl.sums as select 1 as one; alter table etl.sums owner to postgres", "etl.sums"),
        ("create view etl.ones as select 1 as one; alter view etl.ones owner to postgres", "view etl.ones"),
        ("create sequence cron.numbers; alter sequence cron.numbers owner to postgres", "sequence cron.numbers"),
        (
            "create function net.ping() returns int language sql as 'select 1'; alter function net.ping() owner to postgres",
            r"function net.ping\(\)",
        ),
        ("create type etl.mood as enum ('good'); alter type etl.mood owner to reporting", "type etl.mood"),
        ("create type etl.pair as (one int); alter type etl.pair owner to postgres", "type etl.pair"),
        ("create table vault.more (id int); alter table vault.more owner to postgres", "vault.more"),
    ],
)
def test_what_is_of_the_teams_in_a_schema_of_the_platforms_name_is_refused(
    project: Source, change: str, lost: str
) -> None:
    with pytest.raises(SettingsError, match=lost):
        looked(project, ETL + change)


@pytest.mark.parametrize(
    "change",
    [
        "create table etl.orders (id int); alter table etl.orders owner to supabase_etl_admin",
        "create extension cube schema etl",
        "create view etl.ones as select 1 as one; alter view etl.ones owner to supabase_admin",
        "alter function graphql_public.graphql owner to postgres",
        "alter table pgmq.q_letters owner to postgres",
    ],
)
def test_what_the_platform_makes_there_is_not(project: Source, change: str) -> None:
    assert looked(project, ETL + change)


def test_a_policy_that_opens_something_by_staying_is_told_first(project: Source) -> None:
    told = looked(project, RESTRICTING).told
    assert told[0] == "restrictive policy Not by night on table public.tasks: what it hides is open without it"


def test_what_is_of_the_teams_on_the_platforms_tables_is_told_too(project: Source) -> None:
    webhook = "create trigger hook after insert on storage.objects for each row execute function supabase_functions.http_request()"
    assert "trigger hook on table storage.objects" in looked(project, webhook).told


# Labels want a provider, which is a library of the platform's: the row is what it would leave.
SEALED = """
insert into pg_seclabel select 'public.letters'::regclass, 'pg_class'::regclass, attnum, 'pgsodium', 'ENCRYPT WITH KEY ID 1'
from pg_attribute where attrelid = 'public.letters'::regclass and attname = 'Odd Column'
"""


def test_a_column_that_is_encrypted_comes_without_its_key_and_is_told(project: Source) -> None:
    with psycopg.connect(project.admin_url) as conn, conn.transaction(force_rollback=True):
        conn.execute("set local search_path = ''")
        conn.execute(SEALED)
        told = leave.look(conn, []).told
        [found] = sealed.find(Project(conn, Target(18, {})))
    assert f'column public.letters."Odd Column": {sealed.NOTE}' in told
    assert (found.name, found.verdict) == ('public.letters."Odd Column"', BY_HAND)


def test_messages_of_queues_are_told_by_number(project: Source) -> None:
    told = looked(project, "select pgmq.create('empty')").told
    assert {"queue letters, 1 message", "archive of queue letters, 1 message", "queue Mixed Case, 1 message"} <= {*told}
    assert not [each for each in told if "empty" in each]
