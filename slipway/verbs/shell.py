"""`shell`: a shell beside a service."""

from __future__ import annotations

from slipway.environment import enter
from slipway.system.process import become
from slipway.verbs.logs import known


def run(on: str, reporter, service: str = "ops") -> None:
    """Opens a shell with a service's environment, in this terminal."""
    world = enter(on)
    if service != "ops":
        known(world, service)
    argv, env = world.engine.shell(service)
    become(argv, env)
