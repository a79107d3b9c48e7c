"""Which name of its image a rollback takes: of a tag that went on, of an image that went, of one that can be pulled."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from slipway.engine.docker.colours import repository
from slipway.errors import EngineError
from slipway.release import target

RECORD = {
    "id": "r0001-abc",
    "image": "h:5/shop:1",
    "image_id": "sha256:a",
    "digest": "h:5/shop@sha256:d",
    "revision": "abc",
}
BUILT = RECORD | {"image": "slipway/app:1", "digest": ""}


class Quiet:
    """A reporter that nobody reads."""

    report_start = report_finish = report_failure = lambda *whatever: None


def env(pulled: list[str], **images: str) -> SimpleNamespace:
    """An engine with these images, each under a name; what is pulled is written down."""
    there = {name.replace("_", ":"): identity for name, identity in images.items()}
    rollout = SimpleNamespace(
        image_id=lambda name: there.get(name, name if name in there.values() else ""),
        pull=lambda name, progress: pulled.append(name),
    )
    return SimpleNamespace(engine=SimpleNamespace(rollout=rollout), flag="")


@pytest.mark.parametrize(
    ("record", "images", "taken", "pulled"),
    [
        (RECORD, {"h:5/shop:1": "sha256:a"}, "h:5/shop:1", []),
        (RECORD, {"h:5/shop:1": "sha256:b", "h:5/shop@sha256:d": "sha256:a"}, "h:5/shop@sha256:d", []),
        (RECORD, {"h:5/shop:1": "sha256:b"}, "h:5/shop@sha256:d", ["h:5/shop@sha256:d"]),
        (RECORD, {}, "h:5/shop@sha256:d", ["h:5/shop@sha256:d"]),
        (BUILT, {"slipway/app:1": "sha256:b", "another": "sha256:a"}, "sha256:a", []),
        (BUILT | {"image_id": ""}, {"slipway/app:1": "sha256:b"}, "slipway/app:1", []),
    ],
)
def test_the_very_image_of_then_is_taken(record, images, taken, pulled):
    asked: list[str] = []
    assert target.image_of(env(asked, **images), Quiet(), record) == taken
    assert asked == pulled


@pytest.mark.parametrize(
    ("images", "found"), [({}, "came from no registry"), ({"slipway/app:1": "sha256:b"}, "another image now")]
)
def test_an_image_that_can_be_had_nowhere_is_refused_with_the_revision_that_made_it(images, found):
    with pytest.raises(EngineError) as refused:
        target.image_of(env([], **images), Quiet(), BUILT)
    assert found in refused.value.found and "git checkout abc" in refused.value.next


@pytest.mark.parametrize(
    ("image", "name"),
    [
        ("shop", "shop"),
        ("shop:1", "shop"),
        ("h:5000/shop", "h:5000/shop"),
        ("h:5000/a/shop:1", "h:5000/a/shop"),
        ("h:5000/shop@sha256:abc", "h:5000/shop"),
        ("h/shop:1@sha256:abc", "h/shop"),
    ],
)
def test_the_repository_of_an_image_is_its_name_without_tag_and_digest(image, name):
    assert repository(image) == name
