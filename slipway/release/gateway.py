"""The gateway's configuration, taken while it serves: a change of it closes no port."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import partial

from slipway.engine import Engine, Seen
from slipway.environment import Environment
from slipway.ops.interface import CONFIGURE, RELOAD, Configuration
from slipway.plan import Level, Progress, Step
from slipway.release.change import OTHER, Swap

SHOWN = 3  # differences that a plan tells one by one


def level(env: Environment, seen: Seen, change: Swap | None, starts: bool) -> Level:
    """The step that brings the wanted configuration; `starts` is for a gateway that is about to be started or replaced."""
    engine = env.engine
    rendered = engine.rollout.front()
    if not rendered:  # no gateway
        return ()
    config = keep_ports(rendered, seen.front, change.old if change else OTHER.get(seen.colour, ""))
    if config == seen.front:
        return ()
    cause = (
        describe_difference(seen.front, config)
        if seen.front
        else "before it starts"
        if starts
        else "what it runs is not known"
    )
    if starts:
        return (Step("configure gateway", cause, partial(configure, engine, config)),)
    return (Step("reload gateway", cause, partial(reload, engine, config)),)


def keep_ports(rendered: str, running: Mapping, stays: str) -> dict:
    """The rendered configuration, but for the port of a colour that is not started anew: the one it has been reached on.

    A release that listens on another port must leave the way back to the old one open.
    """
    if found := re.search(rf'"app-{stays}:\d+"', json.dumps(running)):
        rendered = re.sub(rf'"app-{stays}:\d+"', found[0], rendered)
    return json.loads(rendered)


def describe_difference(before: Mapping, after: Mapping) -> str:
    """What differs between two configurations, by the name that Caddy gives it."""
    old, new = dict(leaves(before)), dict(leaves(after))
    found = [
        f"{path.rsplit('.', 1)[-1]} {old.get(path, 'none')} → {new.get(path, 'none')}"
        for path in sorted(old | new)
        if old.get(path) != new.get(path)
    ]
    found = list(dict.fromkeys(found))
    return ", ".join(found) if len(found) <= SHOWN else f"{', '.join(found[:SHOWN])} and {len(found) - SHOWN} more"


def leaves(value: object, path: str = "") -> Iterator[tuple[str, object]]:
    """(path, value) of everything that holds nothing further, in one line; a list of plain values counts as one."""
    if isinstance(value, Mapping) and value:
        for key, each in value.items():
            yield from leaves(each, f"{path}.{key}")
    elif isinstance(value, list) and any(isinstance(each, Mapping) for each in value):
        for number, each in enumerate(value):
            yield from leaves(each, f"{path}.{number}")
    else:
        yield path, json.dumps(value) if isinstance(value, list | dict | bool) else " ".join(str(value).split())


def configure(engine: Engine, config: Mapping, progress: Progress) -> None:
    engine.inside(CONFIGURE, Configuration(config), progress)


def reload(engine: Engine, config: Mapping, progress: Progress) -> str:
    done = engine.inside(RELOAD, Configuration(config), progress)
    return f"taken in {done.ms:.0f} ms; connections in use were led over first" if done.ms else "as it was"
