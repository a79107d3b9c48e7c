"""`logs`: the last lines of one service, or of all, and those to come."""

from __future__ import annotations

from slipway.environment import enter, refuse_unknown
from slipway.system.process import become


def run(on: str, reporter, service: str | None = None, lines: int = 100, follow: bool = False) -> None:
    """Prints log lines; with `follow` goes on until Ctrl-C."""
    env = enter(on)
    if service:
        refuse_unknown(env, service)
    if follow:
        argv, variables = env.engine.follow(service, lines)
        become(argv, variables)
        return
    for name in [service] if service else env.engine.services():
        for line in env.engine.log(name, lines):
            reporter.line(line if service else f"{name:<9} | {line}")
