"""`backups.verify`: a backup is still what was written, and pg_restore can read it."""

from __future__ import annotations

from slipway.data.backups.interface import VERIFY, Verify
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.recovery import backups
from slipway.units import size


def run(on: str, reporter, backup: str | None = None, everything: bool = False) -> None:
    """Verifies one backup, by default the newest; `everything` hashes each object and not a sample.

    Raises VerificationError (exit 8) that names the first broken file.
    """
    env = enter(on)
    reporter.header(env.header)
    args = Verify(backup or None, all=everything, read=True)
    found = backups.work(
        env,
        reporter,
        "verify",
        VERIFY,
        args,
        "every file against the manifest",
        lambda result: f"{result.files} files, {size(result.bytes)}",
    )
    reporter.done(f"{found.id} is as it was written, and pg_restore reads it to its end.", **encode(found))
