"""`down`: stop everything; keep the data unless told, and asked once more, to delete it."""

from __future__ import annotations

from slipway.environment import Environment, enter
from slipway.plan import Plan, Step, apply
from slipway.release import confirm
from slipway.release.confirm import Yes
from slipway.system.process import end_all


def run(on: str, reporter, volumes: bool = False, yes: Yes = False) -> None:
    """Stops the stack's services. With `volumes` its data goes too, after its name was said."""
    env = enter(on)
    reporter.header(env.header)
    if volumes:
        for each in env.engine.holdings():
            reporter.line(f"  deletes {each}")
        because = f"this deletes every row and object of {env.stack.name}"
        question = f"This deletes every row and object of {env.stack.name}; its backups stay{archive(env)}. "
        confirm.by_name(env, yes, "down --volumes", because, question)
    cause = "and delete its data" if volumes else "its data stays"
    apply(Plan(((Step("stop", cause, lambda progress: env.engine.stop(volumes, progress)),),)), reporter, end_all)
    reporter.done(
        f"Down; the data is deleted{archive(env)}."
        if volumes
        else f"Down; the data is kept. ./invoke up{env.flag} brings it back."
    )


def archive(env: Environment) -> str:
    """That the archive of changes goes as well, where it is in the stack's own object store."""
    if not env.settings.pitr or env.settings.s3_endpoint:
        return ""
    second = ", the second one stays" if env.settings.pitr_repo2_endpoint else ""
    return f"; its archive of changes goes with the object store{second}"
