"""What a Docker engine lacks of a stack's images: pulled, or built here."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from functools import partial
from typing import TYPE_CHECKING

from slipway.engine import Build
from slipway.plan import Step
from slipway.stack import digests, images
from slipway.stack.built import is_pulled

if TYPE_CHECKING:
    from slipway.engine.docker.engine import Docker


def pulls(engine: Docker, there: Collection[str]) -> Iterator[Build]:
    """What comes from a registry and is not on the engine."""
    wanted = [service.image for service in engine.stack.services if is_pulled(service, engine.built_images)]
    for tag in dict.fromkeys(wanted):
        if digests.bare(tag) not in there:
            yield Build(Step(f"pull {tag}", "not on the engine", partial(engine.pull, tag)))


def made_here(engine: Docker, there: Collection[str]) -> Iterator[Build]:
    """What is built and is not on the engine, the floors of others first."""
    missing = [image for image in engine.built_images.values() if image.tag not in there]
    for number, level in enumerate(images.in_order(missing), 1):
        for image in level:
            step = Step(f"build {image.name}", f"{image.tag} is not on the engine", partial(engine.build, image))
            yield Build(step, number)
