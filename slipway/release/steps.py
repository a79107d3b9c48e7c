"""Steps that need no room of their own: images, services that are started, the record, hooks."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from slipway.engine import Seen
from slipway.environment import Environment
from slipway.plan import Level, Progress, Step
from slipway.release import hooks
from slipway.release.change import Change
from slipway.release.record import Record


def images(env: Environment, seen: Seen) -> list[Level]:
    """What has to be rendered, pulled, built or installed first, the floors of others before them."""
    wanted = env.engine.prepare(seen)
    numbers = sorted({build.level for build in wanted})
    return [tuple(build.step for build in wanted if build.level == number) for number in numbers]


def start(env: Environment, change: Change, names: Sequence[str]) -> Level:
    """One step that starts or replaces these services."""
    if not names:
        return ()
    cause = why({name: change.services[name] for name in names})
    return (Step(f"start {', '.join(names)}", cause, partial(env.engine.start, names)),)


def why(reasons: Mapping[str, str]) -> str:
    """The one reason for all, or each with the services that it is for."""
    alike: dict[str, list[str]] = {}
    for name, text in reasons.items():
        alike.setdefault(text, []).append(name)
    if len(alike) == 1:
        return next(iter(alike))
    return "; ".join(f"{', '.join(names)}: {text}" for text, names in alike.items())


def record(change: Change, kept: Record) -> Level:
    return (Step("record", "who, what, when", kept.open),) if change.is_release else ()


def hook(env: Environment, change: Change, kept: Record, name: str) -> Level:
    """The team's own program of that name, where there is one and the deploy makes a release."""
    settings = env.settings
    if not change.is_release or not (env.root / hooks.FOLDER / name).exists():
        return ()

    def work(progress: Progress) -> str:
        variables = hooks.environment(settings)
        return hooks.run(name, kept.content, env.root, variables, settings.hook_timeout, progress.say)

    return (Step(f"hook {name}", f"hooks/{name}", work),)
