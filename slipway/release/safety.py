"""What comes before pending migrations: a rehearsal, where it is asked for, and a proven backup, the way back."""

from __future__ import annotations

from functools import partial

from slipway.data.verb import Nothing
from slipway.environment import Environment
from slipway.plan import Level, Progress, Step
from slipway.recovery.backups import settings_named
from slipway.release import rehearsal
from slipway.release.change import Change
from slipway.release.record import Record
from slipway.units import size

PATIENCE = 1800  # seconds that a backup which is being taken already may go on
PROOFS = {
    "verify": ("verify backup", "pg_restore reads it to its end"),
    "drill": ("drill backup", "restored on trial"),
}


def levels(env: Environment, change: Change, record: Record) -> tuple[Level, ...]:
    """The steps before migrations; none where nothing is pending, or REHEARSE and BACKUP_BEFORE_MIGRATE are off."""
    if not change.migrations:
        return ()
    proof, pending = env.settings.backup_proof, change.migrations
    trial: Level = (rehearsal.step(env),) if env.settings.rehearse else ()
    if proof == "off":
        return (trial,)
    name, cause = PROOFS[proof]
    return (
        trial,
        (Step("backup", f"before {pending}", partial(take, env, record, pending)),),
        (Step(name, cause, partial(prove, env, record, proof == "drill")),),
    )


def take(env: Environment, record: Record, pending: str, progress: Progress) -> str:
    """Takes it, unless nothing is pending or nothing is there yet, and notes its id for the release's record."""
    from slipway.data.backups.interface import BACKUP, NEED, Backup

    if needless := env.engine.inside(NEED, Nothing(), progress).needless:
        return needless
    args = Backup(
        "deploy",
        f"before {pending}"[:200],
        keys=tuple(settings_named(env)),
        release=record.content.get("id"),
        wait=PATIENCE,
    )
    taken = env.engine.inside(BACKUP, args, progress)
    record.backup = taken.id
    return f"{taken.id}, {size(taken.bytes)}"


def prove(env: Environment, record: Record, by_drill: bool, progress: Progress) -> str:
    """Raises VerificationError, before anything was changed, when it does not hold."""
    from slipway.data.backups.interface import VERIFY, Verify
    from slipway.data.restore.interface import DRILL, Drill

    if not record.backup:
        return "nothing to prove"
    if by_drill:
        env.engine.inside(DRILL, Drill(record.backup), progress)
    else:
        env.engine.inside(VERIFY, Verify(record.backup, read=True), progress)
    return record.backup
