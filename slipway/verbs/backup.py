"""`backup`: one consistent picture of the stack's data."""

from __future__ import annotations

from slipway.console import size
from slipway.plan import Silent
from slipway.verbs.backups import said
from slipway.world import World, enter


def run(on: str, reporter, quiet: bool = False, wait: float = 0, **asked) -> None:
    """Takes a backup under the stack's lock.

    With `quiet` nothing is said but its id. Raises BackupError, LockHeld, VerificationError.
    """
    world = enter(on)
    args = {key: value for key, value in asked.items() if value} | {"keys": list(said.settings_named(world)), "wait": wait}
    if quiet:
        with world.engine.locked("backup", wait, world.flag):
            made = world.engine.inside("backup", args, Silent())
        reporter.line(made["id"])
        return
    reporter.header(world.header)
    made = said.work(world, reporter, "backup", "backup", args, "of what is there now", remark, wait)
    reporter.done(text(world, made), **{key: value for key, value in made.items() if key != "files"})


def remark(made: dict) -> str:
    return f"{made['id']}, {size(bytes_of(made))}"


def bytes_of(made: dict) -> int:
    return sum(file["bytes"] for file in made["files"].values())


def text(world: World, made: dict) -> str:
    found = made | {"rows": sum(table["rows"] for table in made["tables"].values()), "tables": len(made["tables"])}
    return f"{made['id']}: {said.held(found) or 'nothing'}, in {made['seconds']:.1f} s."
