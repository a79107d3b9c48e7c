"""Questions before something that is there is touched: a yes, or the name of what loses data."""

from __future__ import annotations

import sys

from slipway.environment import Environment
from slipway.errors import Declined, SettingsError
from slipway.plan import Plan
from slipway.release.change import Change


def by_name(what: str, name: str, because: str, command: str, question: str = "") -> None:
    """Asks for `name`. Raises SettingsError for another one, and, naming `command`, where there is no terminal to ask on."""
    if not sys.stdin.isatty():
        raise SettingsError(what, "no terminal to ask on", f"--yes, because {because}", command)
    try:
        typed = input(f"{question}Type {name} to go on: ").strip()
    except EOFError:
        typed = ""
    if typed != name:
        raise SettingsError(what, "another name", name, "nothing was touched")


def agree(env: Environment, reporter, change: Change, todo: Plan, yes: bool) -> None:
    """Prints the plan in short; outside local, asks before what is there is replaced or migrated. Raises Declined on a no."""
    if todo:
        reporter.outline(todo)
    if change.touches:
        ask(env, reporter, describe_touched(change), yes)


def ask(env: Environment, reporter, what: str, yes: bool) -> None:
    """Asks whether to go on, but for the local environment. Raises Declined on a no."""
    if not (yes or env.settings.local or reporter.ask(f"{what}, on {env.stack.name}. Go on?")):
        raise Declined(env.stack.name, "no", "yes, or --yes", "nothing was touched")


def describe_touched(change: Change) -> str:
    """What is touched of what is there, in words."""
    parts = (("replaces", ", ".join(change.replaced_services)), ("migrates", change.migrations))
    return "This " + " and ".join(f"{verb} {what}" for verb, what in parts if what)
