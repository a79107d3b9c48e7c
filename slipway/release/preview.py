"""A plan shown to people before it is run: its steps, how each of them will be felt, and what has become of it since."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.engine import Seen
from slipway.environment import Environment, enter, first_run, throwaway_secrets
from slipway.errors import EngineError
from slipway.outlook import Outlook, pause
from slipway.plan import Plan, Silent
from slipway.release import plans
from slipway.release.change import Change, compare
from slipway.release.record import Record

if TYPE_CHECKING:
    from slipway.data.migrations.foresight import Foretold


def deploy(on: str, reporter) -> None:
    """Prints the plan of a deploy; before the first `up`, that of the first start."""
    env = enter(on, throwaway_secrets()) if first_run(on) else enter(on)
    seen = env.engine.observe()
    change = compare(env, seen)
    reporter.header(env.header)
    show(env, reporter, seen, change, plans.deploy(env, seen, change, Record(env, "deploy")))


def tell_news(reporter, todo: Plan, shown: Plan) -> None:
    """Says where the plan that is run now is another one than was shown."""
    before, now = ([step.name for step in plan.steps] for plan in (shown, todo))
    parts = (
        ("no longer", [name for name in before if name not in now]),
        ("now also", [name for name in now if name not in before]),
    )
    news = [f"{word} {', '.join(names)}" for word, names in parts if names]
    if news:
        reporter.line(f"Since the plan was shown: {'; '.join(news)}.")


def show(env: Environment, reporter, seen: Seen, change: Change, todo: Plan) -> None:
    """Prints the plan with all that is known of its effects."""
    if todo:
        reporter.plan(todo, outlook(env, seen, change))
    else:
        reporter.done("Nothing to do.", url=env.engine.url())


def outlook(env: Environment, seen: Seen, change: Change) -> Outlook:
    """Asks engine and data side for what a plan by itself does not say."""
    engine, differ = env.engine, change.services
    up_now = {name for name, service in seen.services.items() if service.state in ("running", "scaled")}
    ahead = migrations(env, seen)
    backed_up = change.migrations and env.settings.backup_proof != "off"
    return Outlook(
        changes=engine.changes([name for name in differ if name in seen.services]),
        migrations=ahead.files,
        unlinted=ahead.unlinted,
        backup=ahead.backup if backed_up else None,
        pauses={name: pause(name, name in up_now, change.swap is not None) for name in differ},
        stays=[name for name in engine.services() if name not in differ],
    )


def migrations(env: Environment, seen: Seen) -> Foretold:
    """What the pending migrations will do; nothing where they are not known, or ops is older than this question."""
    from slipway.data.migrations.foresight import AHEAD, Ahead, Foretold

    pending = seen.data.pending if seen.data else ()
    if not pending:
        return Foretold((), "", None)
    try:
        return env.engine.inside(AHEAD, Ahead(pending), Silent())
    except EngineError as error:
        return Foretold((), str(error), None)
