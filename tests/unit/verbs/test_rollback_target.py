"""Where a rollback goes by itself, what it refuses, and that what counts is what is on record once it has the lock."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import pytest

from slipway.engine import Running, Seen
from slipway.errors import MigrationError, SettingsError
from slipway.release import target as target_of
from slipway.verbs import rollback
from tests.support.fakes import answer

SEEN = Seen({"app": Running("running"), "gateway": Running("running")}, colour="blue")


class Told:
    """A reporter that keeps the lines."""

    def __init__(self) -> None:
        self.lines: list[str] = []

    def line(self, text: str) -> None:
        self.lines.append(text)


def record(number: int, image: str, target: int = 0, result: str = "good") -> dict:
    brought = {"target": f"r{number_of(target)}"} if target else {}
    return {
        "id": f"r{number_of(number)}",
        "image": f"app:{image}",
        "image_id": f"sha256:{image}",
        "result": result,
        "config": f"{image}-{number}",
        "revision": "abc",
        "schema_after": 4,
    } | brought


def number_of(number: int) -> str:
    return f"{number:04}-abc"


def env(records: list[dict], gap: dict | None = None) -> SimpleNamespace:
    """A stack with these records, newest first, and whatever images they name."""
    answers = {"releases.list": {"releases": records}, "releases.gap": gap or {}}
    rollout = SimpleNamespace(
        image_id=lambda image: image.replace("app", "sha256"),
        about=lambda image: {"image_id": image.replace("app", "sha256")},
        mark=lambda image: f"config of {image}",
        front=lambda: "{}",
        retire=print,
    )
    engine = SimpleNamespace(
        rollout=rollout,
        inside=lambda verb, args, progress: answer(verb, answers[verb.name]),
        probe_url=lambda: "http://127.0.0.1:8080/ready",
        site=lambda: "http://localhost:8080",
    )
    settings = SimpleNamespace(
        environment="local", app_ready_path="/ready", app_boot_timeout=1, drain_timeout=1, watch_seconds=0
    )
    return SimpleNamespace(
        engine=engine,
        flag="",
        root=Path("/nowhere"),
        on="local",
        settings=settings,
        stack=SimpleNamespace(name="shop-local"),
    )


A, B, BAD = record(1, "a"), record(2, "b"), record(3, "bad")
BACK = record(4, "b", target=2)


@pytest.mark.parametrize(
    ("records", "target"),
    [
        ([BAD, B, A], 2),
        ([BACK, BAD, B, A], 1),
        # A rollback of a rollback is followed to its end.
        ([record(5, "b", target=4), BACK, BAD, B, A], 1),
        # What came after it and was good is gone back from to what served before it.
        ([record(5, "c"), BACK, BAD, B, A], 4),
        ([record(6, "b", target=4), record(5, "c"), BACK, BAD, B, A], 1),
        # Failed ones never served.
        ([BAD, record(2, "b", result="failed"), A], 1),
        ([record(4, "bad", result="rolled_back"), BAD, B], 2),
        # Only settings differ.
        ([record(4, "bad"), BAD, B], 2),
    ],
)
def test_by_default_it_goes_to_the_last_good_release_before_what_serves_with_another_image(records, target):
    assert target_of.choose_record(env(records), records, None)["id"] == f"r{number_of(target)}"


@pytest.mark.parametrize("records", [[], [A], [record(2, "a"), A], [record(3, "a", target=1), B, A]])
def test_where_no_other_image_served_before_it_says_so(records):
    with pytest.raises(SettingsError) as refused:
        target_of.choose_record(env(records), records, None)
    assert "another image" in refused.value.found and ".env" in refused.value.expected


def test_a_release_with_the_image_that_serves_is_refused_since_its_settings_are_not_kept():
    records = [record(4, "b"), B, A]
    with pytest.raises(SettingsError) as refused:
        target_of.choose_record(env(records), records, "r0002")
    assert "settings" in refused.value.found and refused.value.next == "edit .env, then ./invoke deploy"
    assert target_of.choose_record(env(records), records, "r0001") == A


def test_a_tag_that_went_on_to_another_image_is_another_image():
    records = [A | {"id": "r0002-abc", "image_id": "sha256:new"}, A]
    assert target_of.choose_record(env(records), records, None) == A


def test_under_the_lock_it_is_chosen_anew_and_said_where_that_is_another_release():
    told, kept = Told(), SimpleNamespace(facts={})
    now = env([record(5, "fix"), record(4, "b", target=2), BAD, B, A])
    change = rollback.decide(now, told, None, B, SEEN, kept)
    assert change.image == "app:b" and change.cause == "back to r0004-abc"
    assert kept.facts["target"] == "r0004-abc"
    assert told.lines == ["  back to r0004-abc, no longer to r0002-abc: another release came meanwhile"]


def test_under_the_lock_a_schema_that_has_moved_meanwhile_is_refused():
    gap = {"reason": "the schema has moved from 4 to 5", "migrations": ["5_m.up.sql"], "backup": None}
    with pytest.raises(MigrationError, match="the schema has moved"):
        rollback.decide(env([BAD, B, A], gap), Told(), None, B, SEEN, SimpleNamespace(facts={}))


@pytest.mark.parametrize(
    ("gap", "then"),
    [
        (
            {"migrations": ["5_m.up.sql"], "backup": "20261125T100000Z"},
            "./invoke restore 20261125T100000Z brings the data",
        ),
        ({"migrations": ["5_m.up.sql"], "backup": None}, "./invoke db.goto 4, or mark those migrations"),
        ({"migrations": [], "backup": None}, "./invoke db.goto 4"),
    ],
)
def test_a_refused_rollback_names_a_backup_or_says_that_none_is_left(gap, then):
    with pytest.raises(MigrationError) as refused:
        target_of.refuse_gap(env([], gap | {"reason": "the schema has moved"}), B)
    assert refused.value.next.startswith(then)
    assert refused.value.next.endswith("no backup of then is left") is bool(gap["migrations"] and not gap["backup"])


@pytest.mark.parametrize("result", ["failed", "rolled_back", "interrupted", "running"])
def test_a_release_that_was_never_good_is_refused_with_the_way_to_deploy_it(result):
    records = [BAD, record(2, "b", result=result), A]
    with pytest.raises(SettingsError) as refused:
        target_of.choose_record(env(records), records, "r0002")
    assert "never proven itself" in refused.value.found and "git checkout abc" in refused.value.next


def test_before_the_lock_a_release_that_was_cut_short_counts_as_the_one_that_serves():
    """It may be: the repair decides that under the lock. A refusal for want of an older release would come too early."""
    records = [record(2, "b", result="running"), A]
    assert target_of.choose_record(env(records), target_of.assume_success(records), None) == A
