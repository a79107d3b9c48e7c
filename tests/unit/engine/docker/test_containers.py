"""What the containers of a service come to: the worst of them tells, but an app serves as long as one of them does."""

from __future__ import annotations

from contextlib import nullcontext

import pytest

from slipway.engine import running
from slipway.engine.docker import containers
from slipway.errors import EngineError
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
    found = running.app(PAIR, [container(each) for each in states], "blue")["app"]
    assert (found.state, found.detail) == (state, detail)


def test_an_app_of_which_a_container_is_missing_has_something_to_be_done():
    found = running.app(PAIR, [container("running"), container("exited")], "blue")
    assert change.differences({"app": "app 1"}, found) == {"app": "blue · 1 of 2 containers run: exited 3 s ago"}


def test_any_other_service_is_as_its_worst_container():
    group = {"redis": [container("running"), container("exited")]}
    assert running.services(PAIR, group)["redis"].state == "stopped"


def test_a_service_whose_image_was_made_anew_under_the_same_name_is_to_be_replaced_but_not_a_release():
    moved = container("running") | {"Image": "sha256:1"}
    assert running.services(PAIR, {"redis": [moved]})["redis"].config == ""
    assert running.services(PAIR, {"redis": [container("running")]})["redis"].config == "app 1"
    assert running.app(PAIR, [moved, moved], "blue")["app"].config == "app 1"


@pytest.mark.parametrize(
    ("wrote", "change", "refused"),
    [
        ("REDIS=redis", {"redis": "valkey"}, "REDIS=redis, which REDIS=valkey does not read"),
        ("POSTGRES_VERSION=18", {"postgres_version": "17"}, "POSTGRES_VERSION=18, which POSTGRES_VERSION=17 does not"),
        ("S3_PROVIDER=minio", {"s3_provider": "rustfs"}, "S3_PROVIDER=minio, which S3_PROVIDER=rustfs does not read"),
        ("REDIS=redis", {"redis": "redis"}, ""),
        ("", {"redis": "valkey"}, ""),  # made before containers were marked
    ],
)
def test_a_store_is_not_started_on_data_that_it_does_not_read(monkeypatch, wrote: str, change, refused: str):
    name = {"postgres_version": "postgres", "s3_provider": "objects"}.get(next(iter(change)), "redis")
    there = {name: [container("exited") | {"Labels": {"slipway.data": wrote}}]}
    monkeypatch.setattr(containers, "containers", lambda connection, project: there)
    stack = model.build(settings_of(**change))
    with pytest.raises(EngineError, match=refused) if refused else nullcontext():
        containers.refuse_data_of_another(None, stack, [name, "app"])
    containers.refuse_data_of_another(None, stack, ["app"])
