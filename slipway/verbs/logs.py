"""`logs`: the last lines of one service, or of all, and those to come."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

from slipway.console import put
from slipway.environment import enter, refuse_unknown
from slipway.system import process


class Unread(Exception):
    """Nobody reads what is printed, as behind `| head` after its last line."""


def run(on: str, reporter, service: str | None = None, lines: int = 100, follow: bool = False) -> None:
    """Prints log lines; with `follow` goes on until Ctrl-C."""
    env = enter(on)
    if service:
        refuse_unknown(env, service)
    if follow:
        show(*env.engine.follow(service, lines))
        return
    for name in [service] if service else env.engine.services():
        for line in env.engine.log(name, lines):
            reporter.line(line if service else f"{name:<9} | {line}")


def show(argv: Sequence[str], variables: Mapping[str, str] | None) -> None:
    """Prints what a command prints, without the secrets of the stack, until it ends, Ctrl-C, or nobody reads."""

    def show_line(line: str) -> None:
        if not put(line, sys.stdout):
            raise Unread

    with suppress(Unread, KeyboardInterrupt):
        process.stream(argv, show_line, env=variables)
