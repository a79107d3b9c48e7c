"""Questions before something that is there is touched: a yes, or the name of what loses data."""

from __future__ import annotations

import sys

from slipway.environment import Environment
from slipway.errors import Declined, SettingsError
from slipway.plan import Plan
from slipway.release.change import Change

# --yes on a command line: not there, there, or there with the name of the stack that is meant.
Yes = bool | str


def by_name(env: Environment, yes: Yes, command: str, because: str, question: str = "") -> None:
    """Goes on when the stack's full name was said, by `--yes NAME` or at the terminal; on local a plain `--yes` is enough.

    `command` is what was typed, without `--yes`. Raises SettingsError for another name, and where nobody can be asked.
    """
    name, local = env.stack.name, env.settings.local
    if yes == name or (local and yes is True):
        return
    wanted = "--yes" if local and not yes else f"--yes {name}"
    if yes or not sys.stdin.isatty():
        found = f"--yes {yes}" if isinstance(yes, str) and yes else "--yes without a name" if yes else "no --yes"
        raise SettingsError(command, found, f"{wanted}, because {because}", f"./invoke {command} {wanted}{env.flag}")
    try:
        typed = input(f"{question}Type {name} to go on: ").strip()
    except EOFError:
        typed = ""
    if typed != name:
        raise SettingsError(command, "another name", name, "nothing was touched")


def outside_local(env: Environment, yes: Yes, command: str, because: str, question: str = "") -> None:
    """`by_name`, but for the local environment, where nothing has to be said."""
    if yes or not env.settings.local:
        by_name(env, yes, command, because, question)


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
