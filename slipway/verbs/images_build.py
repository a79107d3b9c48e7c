"""`images.build`: every image that the stack has built here, each after those below it."""

from __future__ import annotations

from functools import partial

from slipway.environment import Environment, ensure_settings
from slipway.errors import SettingsError
from slipway.plan import Plan, Step, apply
from slipway.stack import images
from slipway.system.process import end_all


def run(on: str, reporter, again: bool = False) -> None:
    """Builds the images whose tag the engine lacks; `again` builds all of them anew. A tag follows its content."""
    env = ensure_settings(on, reporter)
    if not env.engine.built_images:
        raise SettingsError(
            "images.build",
            f"the {env.engine.name} engine",
            "a Docker engine, because images are its own",
            "ENGINE=docker ./invoke images.build; on Debian: sudo scripts/docker-engine",
        )
    todo = plan(env, again)
    apply(todo, reporter, end_all)
    tags = {name: image.tag for name, image in env.engine.built_images.items()}
    listed = ", ".join(tags.values())
    reporter.done(f"Built {len(todo.steps)}: {listed}" if todo else f"Nothing to build: {listed}", tags=tags)


def plan(env: Environment, again: bool) -> Plan:
    built = env.engine.built_images.values()
    have = frozenset() if again else images.present(image.tag for image in built)
    cause = "to be built anew" if again else "not on the engine"
    return Plan(
        tuple(
            tuple(
                Step(f"build {image.name}", f"{image.tag} {cause}", partial(env.engine.build, image, anew=again))
                for image in level
            )
            for level in images.in_order(i for i in built if i.tag not in have)
        )
    )
