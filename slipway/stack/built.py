"""The images that a stack has built here, and the tag of each: a tag follows its content."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from slipway.stack import images
from slipway.stack.digests import pinned
from slipway.stack.model import Service, Stack
from slipway.stack.official import PYTHON
from slipway.stack.stores import postgres
from slipway.system import git

# On the local target ops sees migrations and fixtures in the working tree, so that an edit needs no new image. The
# package is in the image, compiled: from a mounted tree each command would compile it anew.
LOCAL_PARTS = ("images/ops", "requirements/ops.lock", "slipway")


def for_stack(stack: Stack, root: Path) -> dict[str, images.Image]:
    """Every image to build for the stack, those below them included, by the name that the rendered file knows."""
    settings = stack.settings
    known = images.below_ops(root, settings)
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


def by_revision(image: images.Image, root: Path) -> tuple[str, ...]:
    """The tag that names the commit an app's image is built from, for people; a later build may take it over."""
    commit = git.of(root)
    return (f"{image.tag.rpartition(':')[0]}:{commit}",) if commit else ()


def is_pulled(service: Service, built: Mapping[str, images.Image]) -> bool:
    """Whether an image comes from a registry: one that is built here is a reference, or the app's."""
    return service.name not in built and not service.image.startswith("${")
