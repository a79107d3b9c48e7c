"""What doctor says of the age of images."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from slipway.engine.docker import containers, doctor
from slipway.stack import model
from tests.unit.conftest import settings_of


def engine(days: int, image: str, **settings) -> SimpleNamespace:
    made = (datetime.now(UTC) - timedelta(days=days)).isoformat()
    api = SimpleNamespace(
        containers=lambda **asked: [{"Labels": {containers.SERVICE: "gateway"}, "Image": image, "ImageID": "sha256:1"}],
        inspect_image=lambda name: {"Created": made},
    )
    connection = SimpleNamespace(api=SimpleNamespace(api=api))
    built = {"gateway": None} if image.startswith("slipway/") else {}
    return SimpleNamespace(stack=model.build(settings_of(**settings)), connection=connection, built_images=built)


@pytest.mark.parametrize(
    ("image", "mend"),
    [
        ("slipway/gateway:1234", "./invoke images.build --again --on x && ./invoke up --on x"),
        ("caddy:2.11@sha256:ab", "./invoke images.update && ./invoke up --on x"),
    ],
)
def test_an_image_older_than_the_days_that_may_be_is_named_with_what_renews_it(image: str, mend: str) -> None:
    (found,) = doctor.age(engine(61, image), " --on x")
    assert (found.subject, found.found, found.mend) == ("gateway image", "61 days old", mend)
    assert not list(doctor.age(engine(60, image), ""))
    assert not list(doctor.age(engine(999, image, images_max_days=0), ""))


def test_an_official_image_that_no_digest_pins_is_named_and_is_no_fault() -> None:
    (found,) = doctor.age(engine(1, "caddy:2.11"), "")
    assert "caddy:2.11" in found.found and not found.mend
