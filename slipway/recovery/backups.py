"""One piece of work on backups as a plan of one step, and the words that its results are told in."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import nullcontext
from typing import TYPE_CHECKING

from slipway.data.verb import A, R, Verb
from slipway.environment import Environment
from slipway.plan import Plan, Progress, Step, apply
from slipway.stack import stores
from slipway.system.process import end_all
from slipway.units import size

if TYPE_CHECKING:
    from slipway.data.backups.interface import Here, Standing, Taken


def work(
    env: Environment,
    reporter,
    name: str,
    verb: Verb[A, R],
    args: A,
    cause: str,
    remark: Callable[[R], str],
    wait: float | None = None,
) -> R:
    """Runs a verb of the data side and returns its answer; with `wait`, under the stack's lock, waited for so long."""
    answers: list[R] = []

    def run(progress: Progress) -> str:
        answers.append(env.engine.inside(verb, args, progress))
        return remark(answers[0])

    with nullcontext() if wait is None else env.engine.hold_lock(name, wait, env.flag):
        apply(Plan(((Step(name, cause, run),),)), reporter, end_all)
    return answers[0]


def line(backup: Here) -> str:
    """One line of the list."""
    label = f'  "{backup.label}"' if backup.label else ""
    held = describe_contents(backup, backup.tables)
    return f"{backup.id:<18} {backup.kind:<8} {size(backup.bytes):>10}  {held:<32} {proof(backup)}{label}".rstrip()


def describe_contents(backup: Here | Taken, tables: int) -> str:
    """What a backup holds, in a few words."""
    database = f"{backup.rows:,} rows in {tables} tables" if "database" in backup.parts else ""
    return ", ".join(
        filter(None, (database, objects(backup.objects), *(name for name in stores.WHOLE if backup.whole.get(name))))
    )


def objects(kept: Mapping | None) -> str:
    if not kept:
        return ""
    count = sum(bucket["count"] for bucket in kept["buckets"].values())
    return f"{count:,} objects{'' if kept['bytes_kept'] else ' (a list of them)'}"


def proof(backup: Here) -> str:
    """Whether a drill has restored it, and when."""
    drill = backup.drill
    if not drill:
        return "not drilled"
    return f"proven {drill['at'][:16].replace('T', ' ')}" if backup.proven else f"DRILL FAILED: {first_failure(drill)}"


def first_failure(drill: Mapping) -> str:
    return next(
        (f"{check['name']}: {check['found']}" for check in drill.get("checks", ()) if not check["ok"]), "no reason"
    )


def describe_standing(found: Standing) -> tuple[str, str]:
    """How things stand in one line, and what is wrong, or an empty text."""
    text = "none yet"
    if found.newest:
        proven = f"proven {describe_age(found.proven.age)} ago" if found.proven else "none proven"
        text = f"{found.count}, the newest {describe_age(found.newest.age)} old, {proven}"
    planned = found.schedule
    if planned:
        text += f"; the next {planned.next[:16].replace('T', ' ')} UTC"
    return text, "; ".join(filter(None, (planned.trouble if planned else "", *found.damaged)))


def describe_age(seconds: float) -> str:
    """An age in the two largest units that it has."""
    minutes, hours, days = int(seconds // 60), int(seconds // 3600), int(seconds // 86400)
    if days > 0:
        return f"{days} d {hours % 24} h"
    return f"{hours} h {minutes % 60} min" if hours > 0 else f"{max(minutes, 0)} min"


def settings_named(env: Environment) -> Iterator[str]:
    """Names of the settings that have a value of their own: what a new stack for this backup would need."""
    settings = env.settings
    for name in sorted(settings.model_fields_set):
        if name != "app_env":
            yield name.upper()
    yield from sorted(f"APP_ENV_{key}" for key in settings.app_env)
