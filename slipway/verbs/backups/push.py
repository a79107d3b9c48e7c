"""`backups.push`: copies of backups elsewhere."""

from __future__ import annotations

from slipway.data.offsite.interface import PUSH, Push
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.recovery import backups
from slipway.recovery.offsite import remark


def run(on: str, reporter, backup: str | None = None) -> None:
    """Copies one backup, or every one that is not there yet. Raises SettingsError where no bucket is set, BackupError."""
    env = enter(on)
    reporter.header(env.header)
    done = backups.work(
        env,
        reporter,
        "off-site copy",
        PUSH,
        Push(backup or None),
        backup or "every backup that is not there yet",
        remark,
    )
    names = ", ".join(each.id for each in done.pushed)
    reporter.done(f"{names or 'Every backup'} is at {done.to}.", **encode(done))
