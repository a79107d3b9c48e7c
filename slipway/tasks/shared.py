"""What every task says in its help, and how it reaches its verb."""

from __future__ import annotations

import re

ON = "environment to act on: NAME reads .env.NAME, local reads .env"
JSON = "events as JSON lines"
YES = "do not ask; outside local, a terminal is asked before something is replaced or migrated"
NAMED = "do not ask; outside local with the full name of the stack that loses data: --yes shop-production"
WAIT = "seconds to wait for the lock, if somebody else works on the stack"


def perform(verb: str, on: str, **options) -> None:
    """Runs a verb. Imported when a task runs, so that `invoke --list` stays quick."""
    from slipway.main import perform

    perform(verb, on, **options)


def number(flag: str, text: str | None, least: int = 0) -> int | None:
    """A whole number from `least`, or Invoke's own kind of refusal: its type hints end in a traceback."""
    from invoke import Exit

    if text is None:
        return None
    if re.fullmatch("-?[0-9]+", str(text)) and int(text) >= least:
        return int(text)
    lowest = f", or {least}" if least < 0 else ""
    raise Exit(f"error: --{flag}\n  found     {text}\n  expected  a whole number, such as 3{lowest}", code=2)
