"""What every task says in its help, and how it reaches its verb."""

from __future__ import annotations

ON = "environment to act on: NAME reads .env.NAME, local reads .env"
JSON = "events as JSON lines"
WAIT = "seconds to wait for the lock, if somebody else works on the stack"


def perform(verb: str, on: str, **options) -> None:
    """Runs a verb. Imported when a task runs, so that `invoke --list` stays quick."""
    from slipway.perform import perform

    perform(verb, on, **options)


def number(flag: str, text: str | None) -> int | None:
    """A whole number, or Invoke's own kind of refusal: its type hints end in a traceback."""
    from invoke import Exit

    if text is None or str(text).isdigit():
        return None if text is None else int(text)
    raise Exit(f"error: --{flag}\n  found     {text}\n  expected  a whole number, such as 3", code=2)
