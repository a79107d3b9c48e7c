"""`shell`: a shell beside a service."""

from __future__ import annotations

from slipway.environment import enter, refuse_unknown
from slipway.system.process import become


def run(on: str, reporter, service: str = "ops") -> None:
    """Opens a shell with a service's environment, in this terminal."""
    env = enter(on)
    if service != "ops":
        refuse_unknown(env, service)
    argv, variables = env.engine.shell(service)
    become(argv, variables)
