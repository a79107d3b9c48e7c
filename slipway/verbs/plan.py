"""`plan`: what a deploy would do, and how that would be felt, with nothing changed."""

from __future__ import annotations

from slipway.engine import Seen
from slipway.environment import World, enter, first_run, imagined
from slipway.errors import EngineError
from slipway.outlook import Outlook, pause
from slipway.plan import Plan, Silent
from slipway.release import rollout
from slipway.verbs import deploy, up


def run(on: str, reporter) -> None:
    """Prints the plan of a deploy; before the first `up`, that of the first start."""
    world = enter(on, imagined()) if first_run(on) else enter(on)
    seen = world.engine.observe()
    reporter.header(world.header)
    show(world, reporter, seen, deploy.planned(world, seen))


def show(world: World, reporter, seen: Seen, todo: Plan) -> None:
    if todo:
        reporter.plan(todo, outlook(world, seen, todo))
    else:
        reporter.done("Nothing to do.", url=world.engine.url())


def outlook(world: World, seen: Seen, todo: Plan) -> Outlook:
    """Asks engine and data side for what a plan by itself does not say."""
    engine = world.engine
    differ = up.differences(engine.wanted(), seen.services)
    beside = rollout.swap(world, seen, differ) is not None
    up_now = {name for name, service in seen.services.items() if service.state in ("running", "scaled")}
    ahead = migrations(world, seen)
    return Outlook(
        changes=engine.changes([name for name in differ if name in seen.services]),
        migrations=ahead.get("files", ()),
        unlinted=ahead.get("unlinted", ""),
        backup=ahead.get("backup") if any(step.name.startswith("backup") for step in todo.steps) else None,
        pauses={name: pause(name, name in up_now, beside) for name in differ},
        stays=[name for name in engine.services() if name not in differ],
    )


def migrations(world: World, seen: Seen) -> dict:
    """What the pending migrations will do; nothing where they are not known, or ops is older than this question."""
    pending = (seen.data or {}).get("pending") or ()
    if not pending:
        return {}
    try:
        return world.engine.inside("ahead", {"files": list(pending)}, Silent())
    except EngineError as error:
        return {"unlinted": str(error)}
