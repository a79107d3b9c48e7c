"""The copy of a backup elsewhere, as a step of its own or after the backup."""

from __future__ import annotations

from slipway.data.offsite.interface import PUSH, Push, Pushed
from slipway.environment import Environment
from slipway.errors import BackupError, SlipwayError
from slipway.plan import Progress
from slipway.units import size

PATIENCE = 600  # seconds that another copy, which is under way, may go on


def remark(done: Pushed) -> str:
    count, total = len(done.pushed), sum(each.bytes for each in done.pushed)
    return f"{count} {'backup' if count == 1 else 'backups'}, {size(total)} sent" if count else "nothing to send"


def follow(env: Environment, identity: str, progress: Progress) -> str:
    """Copies a backup that was just taken. Raises BackupError that says that the backup itself is safe."""
    try:
        return remark(env.engine.inside(PUSH, Push(identity, PATIENCE), progress))
    except SlipwayError as error:
        raise BackupError(
            f"off-site copy of {identity}",
            error.found,
            f"{error.expected}; the backup itself is complete, here",
            f"{error.next}; then ./invoke backups.push {identity}{env.flag}",
            error.log,
        ) from None
