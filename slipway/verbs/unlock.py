"""`unlock`: who holds the stack's lock; breaking it is for when nobody works there any more."""

from __future__ import annotations

import sys

from slipway.environment import enter
from slipway.errors import SettingsError


def run(on: str, reporter, yes: bool = False) -> None:
    """Says who holds the lock, and breaks it after a yes. A lock whose holder is gone lets go by itself."""
    env = enter(on)
    found = env.engine.holder()
    if not found:
        reporter.done("Nobody holds the lock.", holder=None)
        return
    reporter.line(f"The lock of {env.stack.name} is held by {found}.")
    reporter.line(
        "It lets go by itself within a minute of its holder's end. If that one still works, breaking it lets two "
        "people change the stack at once."
    )
    if not yes and not ask_agreement(env.flag):
        reporter.done("Left as it is.", holder=str(found))
        return
    env.engine.unlock()
    reporter.done(f"Broken. ./invoke deploy{env.flag} says what was left and puts it right.", holder=str(found))


def ask_agreement(flag: str) -> bool:
    if not sys.stdin.isatty():
        raise SettingsError(
            "unlock", "no terminal to ask on", "--yes, if its holder is gone", f"./invoke unlock --yes{flag}"
        )
    return input("Type yes to break it: ").strip() == "yes"
