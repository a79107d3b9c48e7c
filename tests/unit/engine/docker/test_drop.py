"""Which images of old releases are removed: none that another stack on this engine has a name for."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from docker.errors import APIError, ImageNotFound

from slipway.engine.docker import colours


class Images:
    """An engine's images by id, each with its tags; those of `used` have a container."""

    def __init__(self, used: str = "", **tags: list[str]) -> None:
        self.tags, self.used = {f"sha256:{name}": list(those) for name, those in tags.items()}, used

    def id_of(self, name: str) -> str:
        found = next((each for each, those in self.tags.items() if name == each or name in those), None)
        if found is None:
            raise ImageNotFound("no such image", SimpleNamespace(status_code=404))
        return found

    def inspect_image(self, name: str) -> dict:
        return {"Id": self.id_of(name), "RepoTags": self.tags[self.id_of(name)]}

    def remove_image(self, name: str) -> None:
        identity = self.id_of(name)
        if identity == self.used:
            raise APIError("it is used", SimpleNamespace(status_code=409))
        self.tags[identity] = [each for each in self.tags[identity] if name not in (each, identity)]
        if not self.tags[identity]:
            del self.tags[identity]


@pytest.mark.parametrize(
    ("images", "left"),
    [
        (Images(a=["shop:1"]), {}),
        (Images(a=[]), {}),
        (Images(a=["shop:1", "other:1"]), {"sha256:a": ["other:1"]}),
        (Images(a=["other:1"]), {"sha256:a": ["other:1"]}),
        (Images(used="sha256:a", a=["shop:1"]), {"sha256:a": ["shop:1"]}),
        (Images(), {}),
    ],
)
def test_an_image_goes_with_its_own_names_and_stays_for_those_of_others(images, left):
    rollout = colours.Rollout(SimpleNamespace(connection=SimpleNamespace(api=SimpleNamespace(api=images))))
    rollout.drop(["shop:1", "sha256:a"])
    assert images.tags == left


@pytest.mark.parametrize(
    ("app_image", "tags", "kept"),
    [
        ("", ["slipway/shop-app:abc", "slipway/shop-app:1", "other/shop:1"], ["slipway/shop-app:abc"]),
        # What came from a registry may have tags that are the operator's own.
        ("slipway/shop-app:1", ["slipway/shop-app:1", "slipway/shop-app:live"], []),
    ],
)
def test_a_record_keeps_of_an_image_the_other_tags_that_a_build_gave_it(app_image, tags, kept):
    image = {
        "Id": "sha256:a",
        "RepoTags": tags,
        "RepoDigests": ["slipway/shop-app@sha256:d", "other@sha256:d"],
        "Config": {"Labels": {"slipway.schema": "4-"}},
    }
    engine = SimpleNamespace(
        connection=SimpleNamespace(api=SimpleNamespace(api=SimpleNamespace(inspect_image=lambda name: image))),
        stack=SimpleNamespace(settings=SimpleNamespace(app_image=app_image)),
    )
    assert colours.Rollout(engine).about("slipway/shop-app:1") == {
        "image_id": "sha256:a",
        "digest": "slipway/shop-app@sha256:d",
        "tags": kept,
        "accepts": "4-",
    }
