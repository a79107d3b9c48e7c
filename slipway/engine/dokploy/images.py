"""Images for a server of Dokploy, which builds none of ours: made where a Docker engine answers, and pushed to a registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING

from slipway.config.settings import Settings
from slipway.engine import Build
from slipway.errors import EngineError
from slipway.plan import Progress, Step
from slipway.stack import built, images
from slipway.stack.images import Image
from slipway.system import inherited, registry

if TYPE_CHECKING:
    from slipway.engine.dokploy.engine import OnDokploy


def names(settings: Settings, made: Mapping[str, Image]) -> dict[str, str]:
    """What the server calls the images that are built here: in IMAGE_REGISTRY, or by their own names on its engine."""
    prefix = settings.image_registry.rstrip("/")
    return {name: f"{prefix}/{image.tag}" if prefix else image.tag for name, image in made.items()}


def missing(engine: OnDokploy) -> Sequence[Build]:
    """The steps that make what is not there: builds, the floors of others first, and pushes after them."""
    wanted = {name: tag for name, tag in engine.tags.items() if name in engine.stack}
    if not engine.stack.settings.image_registry:
        return tuple(made_here(engine, set(wanted)))
    absent = {name: tag for name, tag in wanted.items() if not is_pushed(tag)}
    builds = tuple(made_here(engine, set(absent)))
    last = max((build.level for build in builds), default=0) + 1
    pushes = (Step(f"push {name}", f"{tag} is not there", partial(push, engine, name)) for name, tag in absent.items())
    return (*builds, *(Build(step, last) for step in pushes))


def is_pushed(tag: str) -> bool:
    """Whether a registry has it. One that does not answer is asked once more by the push."""
    try:
        return bool(registry.digest(tag))
    except EngineError:
        return False


def made_here(engine: OnDokploy, wanted: set[str]) -> Iterator[Build]:
    """Those that this machine's engine lacks. Without an engine here there is no saying, and nothing is made."""
    known = engine.built_images
    needed = closure({known[name].tag for name in wanted}, known)
    try:
        there = images.present(needed)
    except EngineError:
        if engine.stack.settings.image_registry and wanted:
            raise
        return
    absent = [image for image in known.values() if image.tag in needed - there]
    for number, level in enumerate(images.in_order(absent), 1):
        for image in level:
            step = Step(f"build {image.name}", f"{image.tag} is not on this machine", partial(engine.build, image))
            yield Build(step, number)


def closure(tags: set[str], known: Mapping[str, Image]) -> set[str]:
    """These tags and those that they stand on."""
    by_tag = {image.tag: image for image in known.values()}
    below = {need for tag in tags if tag in by_tag for need in by_tag[tag].needs}
    return tags if below <= tags else closure(tags | below, known)


def build(engine: OnDokploy, image: Image, progress: Progress, anew: bool) -> None:
    """Builds an image on this machine's engine."""
    from slipway.engine.docker import compose

    also = built.by_revision(image, engine.root) if image is engine.built_images.get("app") else ()
    ours = inherited.pick(compose.KEPT)
    where = f"image {image.name}"
    images.build(image, lambda argv, env: compose.build(argv, env or ours, progress.say, where), also, anew)


def push(engine: OnDokploy, name: str, progress: Progress) -> None:
    """Pushes an image of this machine's engine to the registry of the settings."""
    from slipway.engine.docker import compose

    here, there, ours = engine.built_images[name].tag, engine.tags[name], inherited.pick(compose.KEPT)
    compose.run(["docker", "tag", here, there], ours, progress.say, f"image {name}")
    compose.push(there, ours, progress.say)
    # The name was for the way alone: what a server runs it pulls, and nobody else would ever remove it here.
    compose.run(["docker", "image", "rm", there], ours, lambda line: None, f"image {there}")
