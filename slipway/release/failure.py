"""Whatever ends a deploy or a rollback before its time, hooks/on-failure hears of it: once, and after what was undone."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from slipway.config import envfile
from slipway.config.settings import Settings
from slipway.engine import lock as holder
from slipway.environment import ROOT
from slipway.errors import Declined, Interrupted, SlipwayError
from slipway.main import unexpected_error
from slipway.release import hooks
from slipway.release.record import Record
from slipway.system import git

HOOK_TIMEOUT = 60  # seconds, where the settings cannot say


@dataclass
class Attempt:
    """What is known of the release so far: its record, as soon as there is one."""

    record: Record | None = None


@contextmanager
def announce_failure(on: str, reporter, kind: str) -> Iterator[Attempt]:
    """Runs the hook for whatever the block raises, which then goes on its way."""
    attempt = Attempt()
    try:
        yield attempt
    except Declined:
        raise  # a wish, and no failure
    except SlipwayError as error:
        tell(on, reporter, kind, attempt, error)
        raise
    except KeyboardInterrupt:
        error = Interrupted("interrupted", "while nothing was being changed", next="type the same command again")
        tell(on, reporter, kind, attempt, error)
        raise error from None
    except Exception as error:
        tell(on, reporter, kind, attempt, unexpected_error(error))
        raise


def tell(on: str, reporter, kind: str, attempt: Attempt, error: SlipwayError) -> None:
    try:
        settings = envfile.load(ROOT, on, os.environ)
    except SlipwayError:
        settings = None  # it may be the very fault: a hook with an address of its own can tell it all the same
    record = {
        **known_record(settings, on, kind, attempt.record),
        "error": error.fields(),
        "result": result(attempt, error),
    }
    patience = settings.hook_timeout if settings else HOOK_TIMEOUT
    if said := hooks.attempt("on-failure", record, ROOT, hooks.environment(settings), patience):
        reporter.line(f"  hook on-failure: {said}")


def known_record(settings: Settings | None, on: str, kind: str, record: Record | None) -> Mapping:
    """The record, or where it came to none, what it would have begun with; of settings that cannot be read no stack."""
    if record and record.new:
        return record.content
    me = holder.me(kind)
    first = {"id": None, "kind": kind, "stack": settings.stack if settings else None, "environment": on}
    return first | {"revision": git.of(ROOT), "by": me.by, "host": me.host} | (record.facts if record else {})


def result(attempt: Attempt, error: SlipwayError) -> str:
    if isinstance(error, Interrupted):
        return "interrupted"
    return attempt.record.result if attempt.record else "failed"
