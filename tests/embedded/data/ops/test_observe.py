"""What the plan is made from: the state of a real database, and an answer when there is none."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from slipway.data import records
from tests.support import services


def test_before_anything_was_run_everything_is_pending(stack) -> None:
    stack.migration("1_a.up.sql", "select 1;")
    stack.fixture("1_x.sql", "select 1;")
    found = stack.run("observe")
    assert found["postgres"]["reachable"] and found["postgres"]["server_version"].startswith("18.")
    assert (found["applied"], found["pending"], found["fixtures_pending"], found["problems"]) == (
        {},
        ["migrations/1_a.up.sql"],
        ["fixtures/1_x.sql"],
        [],
    )


def test_afterwards_nothing_is_pending_and_records_are_shown(stack) -> None:
    stack.migration("1_a.up.sql", "select 1;")
    stack.fixture("1_x.sql", "select 1;")
    stack.run("migrate")
    stack.run("fixtures")
    records.write(stack.folder / "state", "objects", {"provider": "rclone"})
    found = stack.run("observe")
    assert list(found["applied"]) == ["1"] and found["pending"] == found["fixtures_pending"] == found["problems"] == []
    assert found["records"]["objects"] == {"provider": "rclone"}
    assert found["records"]["roles"]["database"] == stack.database


def test_every_problem_is_listed_and_none_is_raised(stack) -> None:
    stack.migration("2_a.sql", "select 1;")
    stack.run("migrate")
    stack.migration("2_a.sql", "select 2;")
    stack.migration("1_late.sql", "select 1;")
    stack.migration("named wrongly.sql", "select 1;")
    stack.fixture("named wrongly.csv", "a\n")
    with stack.connect("migrate") as conn:
        conn.execute("update schema_migrations set version = 9")
    problems = stack.run("observe")["problems"]
    for says in ("not a migration's name", "was edited", "comes before 2", "says version 9", "not a fixture's name"):
        assert len([problem for problem in problems if says in problem]) == 1
    assert len(problems) == 5


def test_an_unreachable_database_is_an_answer(bare) -> None:
    bare.migration("1_a.sql", "select 1;")
    url = f"postgresql://me:not-to-be-seen@127.0.0.1:{services.free_port()}/shop"
    found = bare.run("observe", MIGRATE_DATABASE_URL=url)
    assert found["postgres"] == {"reachable": False, "reason": "Connection refused", "server_version": ""}
    assert found["applied"] is None and found["pending"] == ["migrations/1_a.sql"]


def test_a_database_without_our_roles_is_an_answer(bare) -> None:
    found = bare.run("observe")
    assert not found["postgres"]["reachable"] and "password authentication failed" in found["postgres"]["reason"]


def test_observing_imports_no_client_but_postgres(stack) -> None:
    code = (
        "import json, os, sys; from slipway.ops import __main__ as door\n"
        "code = door.main(['observe'], dict(os.environ))\n"
        "heavy = ('boto3', 'redis', 'requests', 'pydantic', 'docker')\n"
        "print(json.dumps([code, [name for name in heavy if name in sys.modules]]))"
    )
    out = subprocess.run(
        [sys.executable, "-c", code], env={**os.environ, **stack.env}, capture_output=True, text=True, check=True
    ).stdout
    assert json.loads(out.splitlines()[-1]) == [0, []]
    assert json.loads(out.splitlines()[0])["result"]["postgres"]["reachable"]
