"""`invoke supabase.…` as it is typed, on a stack of the embedded engine."""

from __future__ import annotations

import json

from tests.support.supabase.source import PASSWORD
from tests.support.working_copy import WorkingCopy


def test_the_inventory_is_told_written_for_the_team_and_given_to_programs(stack: WorkingCopy) -> None:
    told = stack.invoke("supabase.inventory", "--write")
    assert told.returncode == 0, told.stderr
    assert "! function public.notify_admins(): by hand" in told.stdout
    page = (stack.root / "docs/supabase-fallback.md").read_text()
    assert "## By hand" in page and "| webhook |" in page
    again = stack.invoke("supabase.inventory", "--json")
    events = [json.loads(line) for line in again.stdout.splitlines()]
    found = events[-1]["inventory"]
    assert page.count("\n| ") == len(found["findings"]) + page.count("\n| what |")
    for text in (told.stdout, page, again.stdout):
        assert PASSWORD not in text and "eyJ" not in text


def test_without_a_project_it_says_what_to_set(stack: WorkingCopy) -> None:
    told = stack.invoke("supabase.inventory", SUPABASE_DB_URL="")
    assert told.returncode == 2 and "set SUPABASE_DB_URL in .env" in told.stderr


def test_the_pooler_of_transactions_is_refused(stack: WorkingCopy) -> None:
    told = stack.invoke(
        "supabase.inventory", SUPABASE_DB_URL="postgresql://postgres:x@pooler.example.org:6543/postgres"
    )
    assert told.returncode == 2 and "Session pooler" in told.stderr


def test_the_sql_for_a_role_is_printed_without_a_secret(stack: WorkingCopy) -> None:
    told = stack.invoke("supabase.role")
    assert told.returncode == 0 and "GRANT anon, authenticated TO slipway_app;" in told.stdout
    assert PASSWORD not in told.stdout
