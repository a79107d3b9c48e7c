"""A role for an app on the project's own database: the SQL that makes it, and what a check finds of it and of others."""

from __future__ import annotations

from collections.abc import Iterator

import psycopg
import pytest

from slipway.data.endpoints import Endpoints, Secret
from slipway.data.supabase import Project
from slipway.data.verb import Nothing
from slipway.errors import SettingsError
from slipway.supabase.interface import CheckedRole
from slipway.supabase.role import statements, ways
from slipway.supabase.role.check import check
from tests.support.supabase.source import Source, source

LOGIN = "a-password-of-its-own"


@pytest.fixture(scope="module")
def made(postgres_of_debian) -> Iterator[Source]:
    """A project in whose SQL editor somebody has run what was printed."""
    with source(rows=5) as project:
        with project.connect() as editor:
            for each in statements.STATEMENTS:
                editor.execute(each.replace(f"'{statements.BLANK}'", f"'{LOGIN}'"))
        yield project


def found(project: Source, user: str = statements.ROLE, password: str = LOGIN) -> CheckedRole:
    at = project.url.rpartition("@")[2]
    url = f"postgresql://{user}:{password}@{at}"
    ends = Endpoints(app_database_url=Secret(url), supabase=Project(db_url=Secret(project.url)))
    return check(ends, Nothing(), lambda event: None)


def failed(checked: CheckedRole) -> dict[str, str]:
    return {each.name: each.found for each in checked.checks if not each.ok}


def test_what_is_printed_makes_a_role_that_passes_every_check(made: Source) -> None:
    checked = found(made)
    assert failed(checked) == {} and checked.role == statements.ROLE
    told = {each.name: each.found for each in checked.checks}
    assert told["acts as"] == "anon, authenticated, service_role"
    assert int(told["as authenticated"].split()[1]) > 10


@pytest.mark.parametrize(
    ("spoil", "mend", "name", "words"),
    [
        ("alter role slipway_app bypassrls", "alter role slipway_app nobypassrls", "attributes", "BYPASSRLS"),
        ("alter role slipway_app inherit", "alter role slipway_app noinherit", "attributes", "INHERIT"),
        ("create table public.its (id int); alter table public.its owner to slipway_app", "drop table public.its",
         "owns", "owns table public.its"),
        ("grant select on public.tasks to slipway_app; grant usage on schema public to slipway_app",
         "revoke select on public.tasks from slipway_app; revoke usage on schema public from slipway_app",
         "by itself", "public.tasks"),
        ("revoke authenticated from slipway_app", "grant authenticated to slipway_app", "acts as", "may not act as authenticated"),
    ],
)  # fmt: skip
def test_what_is_too_much_or_too_little_is_named(made: Source, spoil: str, mend: str, name: str, words: str) -> None:
    with psycopg.connect(made.admin_url, autocommit=True) as admin:
        admin.execute(spoil)
        try:
            assert words in failed(found(made))[name]
        finally:
            admin.execute(mend)
    assert failed(found(made)) == {}


def test_the_owner_of_the_project_is_no_such_role(made: Source) -> None:
    user, _, rest = made.url.removeprefix("postgresql://").partition(":")
    problems = failed(found(made, user, rest.rpartition("@")[0]))
    assert "BYPASSRLS" in problems["attributes"] and {"owns", "by itself"} <= problems.keys()


def test_the_project_is_only_read(made: Source) -> None:
    ask = "select pg_current_xact_id()::text::bigint"
    with psycopg.connect(made.admin_url, autocommit=True) as admin:
        before = admin.execute(ask).fetchone()[0]
        found(made)
        assert admin.execute(ask).fetchone()[0] == before + 1  # the question itself


@pytest.mark.parametrize(
    ("host", "port", "way"),
    [
        ("db.abcdefghijklmnopqrst.supabase.co", "5432", ways.DIRECT),
        ("aws-0-eu-central-1.pooler.supabase.com", "5432", ways.SESSION),
        ("aws-0-eu-central-1.pooler.supabase.com", "6543", ways.TRANSACTION),
        ("db.abcdefghijklmnopqrst.supabase.co", "6543", ways.TRANSACTION),
    ],
)
def test_the_three_addresses_are_told_apart(host: str, port: str, way: ways.Way) -> None:
    assert ways.way(host, port) is way


def test_a_role_of_the_stack_is_not_checked(made: Source) -> None:
    with pytest.raises(SettingsError, match="bundled"):
        check(Endpoints(admin_url=Secret(made.admin_url)), Nothing(), lambda event: None)
