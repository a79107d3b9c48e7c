"""What the containers of a service come to: the worst of them tells, but an app serves as long as one of them does."""

from __future__ import annotations

import pytest

from slipway.engine.docker import containers
from slipway.release import change
from slipway.stack import model
from tests.unit.conftest import settings_of

PAIR = model.build(settings_of(app_replicas=2))


def container(state: str) -> dict:
    return {
        "State": state,
        "Status": f"{state} 3 s ago",
        "Image": "app:1",
        "ImageID": "sha256:1",
        "Labels": {"slipway.config": "app 1"},
    }


@pytest.mark.parametrize(
    ("states", "state", "detail"),
    [
        (["running", "running"], "running", "blue · app:1 · running 3 s ago"),
        (["running"], "scaled", "blue · 1 containers instead of 2"),
        (["running", "exited"], "scaled", "blue · 1 of 2 containers run: exited 3 s ago"),
        (["restarting", "running"], "scaled", "blue · 1 of 2 containers run: app:1 · restarting 3 s ago"),
        (["exited", "exited"], "stopped", "blue · exited 3 s ago"),
        (["restarting", "exited"], "restarting", "blue · app:1 · restarting 3 s ago"),
    ],
)
def test_an_app_serves_as_long_as_one_of_its_containers_runs(states, state, detail):
    found = containers.app(PAIR, [container(each) for each in states], "blue")["app"]
    assert (found.state, found.detail) == (state, detail)


def test_an_app_of_which_a_container_is_missing_has_something_to_be_done():
    found = containers.app(PAIR, [container("running"), container("exited")], "blue")
    assert change.differences({"app": "app 1"}, found) == {"app": "blue · 1 of 2 containers run: exited 3 s ago"}


def test_any_other_service_is_as_its_worst_container():
    group = {"redis": [container("running"), container("exited")]}
    assert containers.services(PAIR, group)["redis"].state == "stopped"


def test_a_service_whose_image_was_made_anew_under_the_same_name_is_to_be_replaced_but_not_a_release():
    moved = container("running") | {"Image": "sha256:1"}
    assert containers.services(PAIR, {"redis": [moved]})["redis"].config == ""
    assert containers.services(PAIR, {"redis": [container("running")]})["redis"].config == "app 1"
    assert containers.app(PAIR, [moved, moved], "blue")["app"].config == "app 1"
