"""The images that a stack has built here, and the tag of each: a tag follows its content."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.engine import Build
from slipway.plan import Step
from slipway.stack import digests, images
from slipway.stack.digests import pinned
from slipway.stack.model import Service, Stack
from slipway.stack.official import PYTHON
from slipway.stack.stores import postgres
from slipway.system import git

if TYPE_CHECKING:
    from slipway.engine.docker.engine import Docker

# On the local target ops sees migrations and fixtures in the working tree, so that an edit needs no new image. The
# package is in the image, compiled: from a mounted tree each command would compile it anew.
LOCAL_PARTS = ("images/ops", "requirements/ops.lock", "slipway")


def for_stack(stack: Stack, root: Path) -> dict[str, images.Image]:
    """Every image to build for the stack, those below them included, by the name that the rendered file knows."""
    settings = stack.settings
    known = images.catalogue(root, settings)
    if settings.pitr and "postgres" not in known:
        known["postgres"] = images.folder_image(
            root, "pitr", {"BASE": pinned(postgres.OFFICIAL[settings.postgres_version])}
        )
    below = known["postgres"].tag if "postgres" in known else pinned(postgres.OFFICIAL[settings.postgres_version])
    known["ops"] = local_ops(root, below) if settings.local else images.ops_image(root, below)
    if not settings.app_image:
        base = known["python"].tag if "python" in known else pinned(PYTHON)
        known["app"] = images.app_image(root, Path(settings.app_context), base, settings.project)
    return {name: image for name, image in known.items() if is_needed(name, stack)}


def is_needed(name: str, stack: Stack) -> bool:
    """Whether it is built. What no service runs is the floor of others; an external store needs none but Postgres'."""
    return name in stack or name in ("base", "python", "postgres")


def local_ops(root: Path, below: str) -> images.Image:
    inputs = ((f"{part}/{name}", path) for part in LOCAL_PARTS for name, path in images.walk(root / part))
    return images.tag_image("ops", root, root / "images/ops/Dockerfile", {"BASE": below}, inputs)


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


def by_revision(image: images.Image, root: Path) -> tuple[str, ...]:
    """The tag that names the commit an app's image is built from, for people; a later build may take it over."""
    commit = git.of(root)
    return (f"{image.tag.rpartition(':')[0]}:{commit}",) if commit else ()


def is_pulled(service: Service, built: Mapping[str, images.Image]) -> bool:
    """Whether an image comes from a registry: one that is built here is a reference, or the app's."""
    return service.name not in built and not service.image.startswith("${")
