"""`down`: stop everything; keep the data unless told, and asked once more, to delete it."""

from __future__ import annotations

from slipway.environment import Environment, enter
from slipway.plan import Plan, Step, apply
from slipway.release import confirm
from slipway.system.process import end_all


def run(on: str, reporter, volumes: bool = False, yes: bool = False) -> None:
    """Stops the stack's services. With `volumes` its data goes too, after its name was typed or `yes` given."""
    env = enter(on)
    if volumes and not yes:
        ask(env)
    reporter.header(env.header)
    cause = "and delete its data" if volumes else "its data stays"
    apply(Plan(((Step("stop", cause, lambda progress: env.engine.stop(volumes, progress)),),)), reporter, end_all)
    reporter.done(
        f"Down; the data is deleted{archive(env)}."
        if volumes
        else f"Down; the data is kept. ./invoke up{env.flag} brings it back."
    )


def ask(env: Environment) -> None:
    name, command = env.stack.name, f"./invoke down --volumes --yes{env.flag}"
    question = f"This deletes every row and object of {name}; its backups stay{archive(env)}. "
    confirm.by_name("down --volumes", name, "this deletes all data of the stack", command, question)


def archive(env: Environment) -> str:
    """That the archive of changes goes as well, where it is in the stack's own object store."""
    if not env.settings.pitr or env.settings.s3_endpoint:
        return ""
    second = ", the second one stays" if env.settings.pitr_repo2_endpoint else ""
    return f"; its archive of changes goes with the object store{second}"
