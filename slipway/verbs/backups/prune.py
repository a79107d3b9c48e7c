"""`backups.prune`: keep what BACKUP_KEEP_* and BACKUP_MAX_DAYS say, and always the newest and the last proven one."""

from __future__ import annotations

from slipway.data.backups.interface import PRUNE, Prune
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.recovery import backups
from slipway.units import size


def run(on: str, reporter, dry_run: bool = False) -> None:
    """Removes what no rule keeps; with `dry_run` only says what that is. Raises LockHeld while a backup is taken."""
    env = enter(on)
    reporter.header(env.header)
    done = backups.work(
        env,
        reporter,
        "prune",
        PRUNE,
        Prune(dry_run),
        "what no rule keeps",
        lambda result: f"{len(result.gone)} of {len(result.gone) + len(result.kept)}",
        None if dry_run else 0,
    )
    for name, reason in done.kept.items():
        reporter.line(f"  {name:<18} stays: {reason}")
    for name in done.busy:
        reporter.line(f"  {name:<18} stays for now: somebody reads it")
    for name in done.gone:
        reporter.line(f"  {name:<18} {'would go' if dry_run else 'gone'}")
    for name in done.offsite.gone if done.offsite else ():
        reporter.line(f"  {name:<18} {'would go' if dry_run else 'gone'} off-site")
    objects = f" and {done.objects:,} objects that only they had" if done.objects else ""
    reporter.done(f"{'Would free' if dry_run else 'Freed'} {size(done.bytes)}{objects}.", **encode(done))
