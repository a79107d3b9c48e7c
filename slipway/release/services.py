"""Images that are made or pulled, and services that are started or replaced, as steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

from slipway.engine import Seen
from slipway.environment import Environment
from slipway.plan import Level, Step
from slipway.release.change import Change


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
