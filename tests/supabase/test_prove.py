"""A copy that has everything is proven to; each planted loss is found, and named."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest

from slipway.data.endpoints import Endpoints, Secret
from slipway.data.supabase import Project
from slipway.supabase.interface import SAME, UNKNOWN, Prove, Proven
from slipway.supabase.proving.prove import prove
from tests.support.supabase.losses import FOLLOWS, LOSSES, SEEN
from tests.support.supabase.source import PASSWORD, Source
from tests.support.working_copy import WorkingCopy


@pytest.fixture(scope="module")
def copied(stack: WorkingCopy) -> WorkingCopy:
    """The stack, with a copy of the project's database under the name whole."""
    done = stack.invoke("supabase.copy", "--into", "whole")
    assert done.returncode == 0, done.stdout + done.stderr
    return stack


def address(stack: WorkingCopy, database: str) -> str:
    return stack.database_url("postgres").rpartition("/")[0] + f"/{database}"


@contextmanager
def another(stack: WorkingCopy, name: str = "lost") -> Iterator[psycopg.Connection]:
    """The same copy once more, to be spoilt."""
    with psycopg.connect(address(stack, "postgres"), autocommit=True) as server:
        server.execute(f"create database {name} template whole")
        try:
            with psycopg.connect(address(stack, name), autocommit=True) as conn:
                yield conn
        finally:
            server.execute(f"drop database {name} with (force)")


def proven(stack: WorkingCopy, url: str, database: str) -> Proven:
    """The proof itself, in this process."""
    way = Secret(stack.database_url("postgres"))
    ends = Endpoints(admin_url=way, migrate_url=way, supabase=Project(Secret(url)))
    return prove(ends, Prove(database), lambda event: None)


def told(found: Proven) -> set[str]:
    return {f"{check.name}: {each}" for check in found.checks for each in check.differences}


def test_a_copy_that_has_everything_is_proven_to(project: Source, copied: WorkingCopy) -> None:
    found = proven(copied, project.url, "whole")
    assert told(found) == set()
    assert {check.state for check in found.checks} == {SAME}
    assert {"trigger tasks webhook on table public.tasks", "foreign table billing.archive"} <= set(found.left)


def test_each_planted_loss_is_found_and_named_and_nothing_else(project: Source, copied: WorkingCopy) -> None:
    with another(copied) as conn:
        conn.execute("set session_replication_role = replica")  # a loss is to have no triggers' consequences
        for statement, *_ in LOSSES:
            conn.execute(statement)
        found = told(proven(copied, project.url, "lost"))
    shown = {each for each in found if not each.startswith("policies: ")}
    assert shown - FOLLOWS == {f"{check}: {sentence}" for _, check, sentence in LOSSES}
    assert len(LOSSES) >= 30


def test_whoever_sees_or_may_do_something_else_is_named(project: Source, copied: WorkingCopy) -> None:
    with another(copied) as conn:
        for statement, _ in SEEN:
            conn.execute(statement)
        found = told(proven(copied, project.url, "lost"))
    assert {f"policies: {sentence}" for _, sentence in SEEN} <= found, "\n".join(sorted(found))


def test_where_nobody_may_act_as_a_role_the_proof_is_not_green(project: Source, copied: WorkingCopy) -> None:
    with psycopg.connect(project.admin_url, autocommit=True) as admin:
        admin.execute("revoke service_role from postgres")
        try:
            found = proven(copied, project.url, "whole")
        finally:
            admin.execute("grant service_role to postgres")
    check = next(check for check in found.checks if check.name == "policies")
    assert (check.state, check.differences) == (
        UNKNOWN,
        ('service_role: permission denied to set role "service_role"',),
    )


def test_the_project_was_only_read(project: Source, copied: WorkingCopy) -> None:
    with psycopg.connect(project.admin_url, autocommit=True) as conn:
        ask = "select pg_current_xact_id()::text::bigint"
        before = conn.execute(ask).fetchone()[0]
        proven(copied, project.url, "whole")
        assert conn.execute(ask).fetchone()[0] == before + 1  # the question itself


def test_the_command_says_it_writes_it_down_and_ends_with_eight_for_a_loss(copied: WorkingCopy) -> None:
    done = copied.invoke("supabase.prove", "--database", "whole", "--json")
    assert done.returncode == 0, done.stdout + done.stderr
    assert {check["state"] for check in json.loads(done.stdout.splitlines()[-1])["proof"]["checks"]} == {SAME}
    with another(copied) as conn:
        conn.execute("""drop policy "Update own tasks" on public.tasks; create table public."<script>" ()""")
        done = copied.invoke("supabase.prove", "--database", "lost", "--write")
    page = (copied.root / "docs/supabase-proof.html").read_text()
    written = json.loads((copied.root / "docs/supabase-proof.json").read_text())
    assert done.returncode == 8, done.stdout
    sentence = 'policy "Update own tasks" of public.tasks: missing'
    assert sentence in done.stdout and sentence in written["checks"][0]["differences"]
    assert "Update own tasks" in page and "<script" not in page
    for text in (done.stdout, done.stderr, page, json.dumps(written)):
        assert PASSWORD not in text and "eyJ" not in text


def test_a_database_that_is_not_there_is_said_so(copied: WorkingCopy) -> None:
    done = copied.invoke("supabase.prove", "--database", "nowhere")
    assert done.returncode == 4 and '"nowhere" does not exist' in done.stderr
