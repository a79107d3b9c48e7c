"""`logs`: the last lines of one service, or of all, and those to come."""

from __future__ import annotations

from slipway.environment import enter, refuse_unknown
from slipway.system.process import become


def run(on: str, reporter, service: str | None = None, lines: int = 100, follow: bool = False) -> None:
    """Prints log lines; with `follow` goes on until Ctrl-C."""
    world = enter(on)
    if service:
        refuse_unknown(world, service)
    if follow:
        argv, variables = world.engine.follow(service, lines)
        become(argv, variables)
        return
    for name in [service] if service else world.engine.services():
        for line in world.engine.log(name, lines):
            reporter.line(line if service else f"{name:<9} | {line}")
