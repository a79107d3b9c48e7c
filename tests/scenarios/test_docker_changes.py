"""What changed is done, and nothing else: other containers keep running."""

from __future__ import annotations

import json

import pytest

from tests.support.clone import Clone
from tests.support.containers import must
from tests.support.waiting import until

pytestmark = pytest.mark.scenario


def replaced(own: Clone, before: dict[str, tuple[str, ...]]) -> set[str]:
    """Services whose containers are not those of before."""
    after = own.ids()
    return {name for name in {*before, *after} if before.get(name) != after.get(name)}


def test_a_new_migration_is_applied_without_a_new_container(own: Clone):
    before = own.ids()
    (own.root / "migrations" / "900_notes.up.sql").write_text("CREATE TABLE notes (id int PRIMARY KEY, body text);\n")
    own.assert_right()
    assert own.sql("SELECT count(*) FROM notes") == "0"
    assert replaced(own, before) == set()


def test_an_edited_fixture_is_loaded_without_a_new_container(own: Clone):
    before = own.ids()
    fixture = own.root / "fixtures" / "002_tasks.csv"
    row = next(line for line in fixture.read_text().splitlines() if "Read the README" in line)
    fixture.write_text(fixture.read_text() + row.replace("000000000102", "000000000199") + "\n")
    own.assert_right()
    assert own.sql("SELECT count(*) FROM tasks WHERE title = 'Read the README'") == "2"
    assert replaced(own, before) == set()


def test_an_edited_app_is_built_and_replaces_the_app_alone(own: Clone):
    before = own.ids()
    main = own.root / "app" / "backend" / "main.py"
    main.write_text(main.read_text().replace("Slipway reference backend", "edited backend"))
    own.assert_right()
    assert json.loads(own.get("/"))["service"] == "edited backend"
    assert replaced(own, before) == {"app"}


def test_a_changed_setting_replaces_the_service_that_it_belongs_to_alone(own: Clone):
    before = own.ids()
    own.settle(REDIS_MEMORY="300MB")
    own.assert_right()
    assert replaced(own, before) == {"redis"}
    assert must("inspect", "--format", "{{.HostConfig.Memory}}", own.id("redis")) == str(300 * 2**20)


def test_a_changed_app_password_reaches_the_role_and_the_app_and_leaves_the_stores(own: Clone):
    before = own.ids()
    own.settle(POSTGRES_APP_PASSWORD="0123456789abcdef" * 2)
    own.assert_right()
    assert replaced(own, before) == {"ops", "app"}


def test_replicas_are_as_many_as_asked_for_and_a_lost_one_is_noticed(own: Clone):
    before = own.ids()
    own.settle(APP_REPLICAS="2")
    own.assert_right()
    assert len(own.ids()["app"]) == 2
    assert replaced(own, before) == {"app"}
    must("rm", "--force", own.ids()["app"][0])
    own.assert_right()
    assert len(own.ids()["app"]) == 2
    own.settle(APP_REPLICAS="1")
    own.assert_right()
    assert len(own.ids()["app"]) == 1


def test_everything_comes_back_by_itself_when_the_processes_die(own: Clone):
    """The restart policy's part: no `up` is needed."""
    before = own.ids()
    for service in ("postgres", "redis", "app"):
        must("exec", "--user", "0", own.id(service), "sh", "-c", "kill -9 -1 || true")
    until(lambda: own.ids() == before and answers(own), "the app answers again")
    own.assert_data()


def answers(own: Clone) -> bool:
    try:
        return '"ready":true' in own.get("/ready")
    except OSError:
        return False
