"""`backups.push`: copies of backups elsewhere, and the copy that every `backup` is followed by."""

from __future__ import annotations

from collections.abc import Mapping

from slipway.console import size
from slipway.environment import World, enter
from slipway.errors import BackupError, SlipwayError
from slipway.plan import Progress
from slipway.recovery import backups

PATIENCE = 600  # seconds that another copy, which is under way, may go on


def run(on: str, reporter, backup: str | None = None) -> None:
    """Copies one backup, or every one that is not there yet. Raises SettingsError where no bucket is set, BackupError."""
    world = enter(on)
    reporter.header(world.header)
    done = backups.work(
        world,
        reporter,
        "off-site copy",
        "backups.push",
        {"id": backup},
        backup or "every backup that is not there yet",
        remark,
    )
    names = ", ".join(each["id"] for each in done["pushed"])
    reporter.done(f"{names or 'Every backup'} is at {done['to']}.", **done)


def remark(done: Mapping) -> str:
    count, total = len(done["pushed"]), sum(each["bytes"] for each in done["pushed"])
    return f"{count} {'backup' if count == 1 else 'backups'}, {size(total)} sent" if count else "nothing to send"


def follow(world: World, identity: str, progress: Progress) -> str:
    """Copies a backup that was just taken. Raises BackupError that says that the backup itself is safe."""
    try:
        return remark(world.engine.inside("backups.push", {"id": identity, "wait": PATIENCE}, progress))
    except SlipwayError as error:
        raise BackupError(
            f"off-site copy of {identity}",
            error.found,
            f"{error.expected}; the backup itself is complete, here",
            f"{error.next}; then ./invoke backups.push {identity}{world.flag}",
            error.log,
        ) from None
