"""What comes before pending migrations: a rehearsal, where it is asked for, and a proven backup, the way back."""

from __future__ import annotations

from functools import partial

from slipway.environment import Environment
from slipway.plan import Level, Progress, Step
from slipway.recovery.backups import settings_named
from slipway.release import rehearsal
from slipway.release.change import Change
from slipway.release.record import Record
from slipway.units import size

PATIENCE = 1800  # seconds that a backup which is being taken already may go on
PROOFS = {
    "verify": ("verify backup", "pg_restore reads it to its end", "backups.verify"),
    "drill": ("drill backup", "restored on trial", "backups.drill"),
}


def levels(env: Environment, change: Change, record: Record) -> tuple[Level, ...]:
    """The steps before migrations; none where nothing is pending, or REHEARSE and BACKUP_BEFORE_MIGRATE are off."""
    if not change.migrations:
        return ()
    proof, pending, taken = env.settings.backup_proof, change.migrations, {}
    trial: Level = (rehearsal.step(env),) if env.settings.rehearse else ()
    if proof == "off":
        return (trial,)
    name, cause, verb = PROOFS[proof]
    return (
        trial,
        (Step("backup", f"before {pending}", partial(take, env, record, pending, taken)),),
        (Step(name, cause, partial(prove, env, verb, taken)),),
    )


def take(env: Environment, record: Record, pending: str, taken: dict, progress: Progress) -> str:
    """Takes it, unless nothing is pending or nothing is there yet, and notes its id for the release's record."""
    args = {
        "kind": "deploy",
        "label": f"before {pending}"[:200],
        "needed": True,
        "keys": list(settings_named(env)),
        "wait": PATIENCE,
        "release": record.content.get("id"),
    }
    taken.update(env.engine.inside("backup", args, progress))
    if "skipped" in taken:
        return taken["skipped"]
    record.backup = taken["id"]
    return f"{taken['id']}, {size(sum(file['bytes'] for file in taken['files'].values()))}"


def prove(env: Environment, verb: str, taken: dict, progress: Progress) -> str:
    """Raises VerificationError, before anything was changed, when it does not hold."""
    if "skipped" in taken:
        return "nothing to prove"
    env.engine.inside(verb, {"id": taken["id"], "read": True}, progress)
    return taken["id"]
