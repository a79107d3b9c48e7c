"""`backup`: one consistent picture of the stack's data."""

from __future__ import annotations

from functools import partial

from slipway.data.backups.interface import BACKUP, Backup, Taken
from slipway.data.restore.interface import DRILL, Drill
from slipway.data.wire import encode
from slipway.environment import Environment, enter
from slipway.plan import Plan, Progress, Silent, Step, apply
from slipway.recovery import backups, offsite
from slipway.stack import stores
from slipway.system.process import end_all
from slipway.units import size


def run(on: str, reporter, quiet: bool = False, wait: float = 0, **asked) -> None:
    """Takes a backup under the stack's lock; drills it where BACKUP_DRILL is always, copies it where OFFSITE_S3_BUCKET is.

    With `quiet` nothing is said but its id. Raises BackupError, LockHeld, VerificationError.
    """
    env = enter(on)
    given = {key: value for key, value in asked.items() if value}
    args = Backup(**given, keys=tuple(backups.settings_named(env)), wait=wait)
    drilled = env.settings.backup_drill == "always" and asked.get("only") not in stores.WHOLE
    if quiet:
        with env.engine.hold_lock("backup", wait, env.flag):
            made = env.engine.inside(BACKUP, args, Silent())
        if drilled:
            drill(env, made.id, Silent())
        if env.settings.offsite_s3_bucket:
            offsite.follow(env, made.id, Silent())
        reporter.line(made.id)
        return
    reporter.header(env.header)
    made = backups.work(env, reporter, "backup", BACKUP, args, "of what is there now", remark, wait)
    if drilled:
        trial = Step("drill", "BACKUP_DRILL=always", partial(drill, env, made.id))
        apply(Plan(((trial,),)), reporter, end_all)
    if env.settings.offsite_s3_bucket:
        copy = Step("off-site copy", env.settings.offsite_s3_bucket, partial(offsite.follow, env, made.id))
        apply(Plan(((copy,),)), reporter, end_all)
    reporter.done(text(env, made), **{key: value for key, value in encode(made).items() if key != "files"})


def drill(env: Environment, name: str, progress: Progress) -> str:
    return f"restored in {env.engine.inside(DRILL, Drill(name), progress).seconds:.1f} s"


def remark(made: Taken) -> str:
    return f"{made.id}, {size(made.bytes)}"


def text(env: Environment, made: Taken) -> str:
    held = backups.describe_contents(made, len(made.tables))
    words = f"{made.id}: {held or 'nothing'}, in {made.seconds:.1f} s."
    if env.settings.backup_drill == "always" or set(made.parts) <= set(stores.WHOLE):
        return words
    return f"{words}\n./invoke backups.drill {made.id}{env.flag} proves that it can be restored."
