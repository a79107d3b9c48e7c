"""A plan shown to people before it is run: its steps, and how each of them will be felt."""

from __future__ import annotations

from slipway.engine import Seen
from slipway.environment import World, enter, first_run, imagined
from slipway.errors import EngineError
from slipway.outlook import Outlook, pause
from slipway.plan import Plan, Silent
from slipway.release import plans
from slipway.release.change import Change, compare
from slipway.release.record import Record


def deploy(on: str, reporter) -> None:
    """Prints the plan of a deploy; before the first `up`, that of the first start."""
    world = enter(on, imagined()) if first_run(on) else enter(on)
    seen = world.engine.observe()
    change = compare(world, seen)
    reporter.header(world.header)
    show(world, reporter, seen, change, plans.deploy(world, seen, change, Record(world, "deploy")))


def show(world: World, reporter, seen: Seen, change: Change, todo: Plan) -> None:
    """Prints the plan with all that is known of its effects."""
    if todo:
        reporter.plan(todo, outlook(world, seen, change))
    else:
        reporter.done("Nothing to do.", url=world.engine.url())


def outlook(world: World, seen: Seen, change: Change) -> Outlook:
    """Asks engine and data side for what a plan by itself does not say."""
    engine, differ = world.engine, change.services
    up_now = {name for name, service in seen.services.items() if service.state in ("running", "scaled")}
    ahead = migrations(world, seen)
    backed_up = change.migrations and world.settings.backup_proof != "off"
    return Outlook(
        changes=engine.changes([name for name in differ if name in seen.services]),
        migrations=ahead.get("files", ()),
        unlinted=ahead.get("unlinted", ""),
        backup=ahead.get("backup") if backed_up else None,
        pauses={name: pause(name, name in up_now, change.swap is not None) for name in differ},
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
