"""`down`: stop everything; keep the data unless told, and asked once more, to delete it."""

from __future__ import annotations

from slipway import confirm
from slipway.environment import World, enter
from slipway.plan import Plan, Step, apply
from slipway.system.process import end_all


def run(on: str, reporter, volumes: bool = False, yes: bool = False) -> None:
    """Stops the stack's services. With `volumes` its data goes too, after its name was typed or `yes` given."""
    world = enter(on)
    if volumes and not yes:
        ask(world)
    reporter.header(world.header)
    cause = "and delete its data" if volumes else "its data stays"
    apply(Plan(((Step("stop", cause, lambda progress: world.engine.stop(volumes, progress)),),)), reporter, end_all)
    reporter.done(
        f"Down; the data is deleted{archive(world)}."
        if volumes
        else f"Down; the data is kept. ./invoke up{world.flag} brings it back."
    )


def ask(world: World) -> None:
    name, command = world.stack.name, f"./invoke down --volumes --yes{world.flag}"
    question = f"This deletes every row and object of {name}; its backups stay{archive(world)}. "
    confirm.by_name("down --volumes", name, "this deletes all data of the stack", command, question)


def archive(world: World) -> str:
    """That the archive of changes goes as well, where it is in the stack's own object store."""
    if not world.settings.pitr or world.settings.s3_endpoint:
        return ""
    second = ", the second one stays" if world.settings.pitr_repo2_endpoint else ""
    return f"; its archive of changes goes with the object store{second}"
