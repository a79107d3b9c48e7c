"""A fresh clone comes up on real containers, goes down, and comes back with its data."""

from __future__ import annotations

import json

import pytest

from tests.support.clone import Clone
from tests.support.containers import must

pytestmark = pytest.mark.scenario

SERVICES = {"postgres", "redis", "objects", "ops", "app", "gateway"}


def test_a_fresh_clone_comes_up_whole_and_keeps_its_data_until_told_otherwise(fresh: Clone):
    fresh.succeed("up")
    first = fresh.ids()
    assert set(first) == SERVICES
    answer = json.loads(fresh.get("/ready"))
    assert {name: each["ok"] for name, each in answer["dependencies"].items()} == dict.fromkeys(
        ("postgres", "redis", "objects"), True
    )
    assert len(json.loads(fresh.get("/api/v1/tasks"))["items"]) == 6
    fresh.write_data()

    fresh.assert_nothing_to_do()
    assert fresh.ids() == first

    fresh.succeed("down")
    assert fresh.ids() == {}
    fresh.assert_right()
    assert not set(fresh.ids().values()) & set(first.values())

    fresh.succeed("down", "--volumes", "--yes")
    assert fresh.left() == []


def test_down_volumes_takes_nothing_of_another_stack(fresh: Clone, shared: Clone):
    before = shared.left()
    fresh.succeed("up")
    fresh.succeed("down", "--volumes", "--yes")
    assert fresh.left() == []
    assert shared.left() == before


def test_down_volumes_refuses_to_delete_when_nobody_can_be_asked(shared: Clone):
    before = shared.ids()
    done = shared.invoke("down", "--volumes")
    assert done.code == 2 and "--yes" in done.text
    assert shared.ids() == before


def test_a_dry_run_starts_and_writes_nothing(fresh: Clone):
    plan = json.loads(fresh.succeed("up", "--dry-run", "--json").splitlines()[-1])
    assert ["start postgres, redis, objects, ops"] in [[step["name"] for step in level] for level in plan["levels"]]
    assert fresh.left() == []
    assert not (fresh.root / ".slipway").exists()


def test_up_brings_back_one_container_that_was_removed_and_leaves_the_rest(own: Clone):
    before = own.ids()
    must("rm", "--force", own.id("redis"))
    own.assert_right()
    after = own.ids()
    assert {name for name in SERVICES if before[name] != after[name]} == {"redis"}
