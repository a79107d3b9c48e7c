"""`pitr.status`: how far the archive is behind, which moments can be restored, what is wrong."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from slipway.data.pitr.interface import STATUS, Status
from slipway.data.verb import Nothing
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.errors import VerificationError
from slipway.plan import Silent
from slipway.recovery import pitr
from slipway.units import size


def run(on: str, reporter) -> None:
    """Prints it. Then raises VerificationError (exit 8) if something is wrong, for monitoring."""
    env = enter(on)
    pitr.refuse_without(env)
    found = env.engine.inside(STATUS, Nothing(), Silent())
    reporter.header(env.header)
    for subject, text in lines(found):
        reporter.line(f"  {subject:<10} {text}")
    # With --json the figures are there when something is wrong, too: a monitor draws them.
    reporter.done(f"  {'window':<10} {found.window.text} (UTC)", **encode(found))
    if found.problems:
        raise VerificationError(
            "archive",
            found.problems[0],
            "every change archived within a minute or so",
            f"./invoke up{env.flag} proves it; ./invoke logs -s pitr{env.flag}",
        )


def lines(found: Status) -> Iterator[tuple[str, str]]:
    """What people read, worst last."""
    yield from (("archive", line(found.archive)),) if "reason" not in found.archive else ()
    for each in found.repositories:
        yield "repository", f"{each.key}: {each.message}"
    for backup in found.backups[-5:]:
        when = datetime.fromtimestamp(backup.ended, UTC).strftime("%Y-%m-%d %H:%M:%S")
        where = ", ".join(map(str, backup.repositories))
        yield (
            "backup",
            (
                f"{backup.label}  {backup.kind}, ended {when}, {size(backup.stored)} of {size(backup.size)}, repository {where}"
            ),
        )
    for kept in found.kept:
        yield "kept", f"{kept.path}, {size(kept.bytes)}, from before a restore"
    for text in found.problems:
        yield "problem", text


def line(archive: Mapping) -> str:
    """The state of archiving in one line."""
    last = f"{archive['last_wal']} got there {archive['age']:.0f} s ago" if archive["last_wal"] else "nothing yet"
    return (
        f"{last}; behind by {archive['lag']:.0f} s, {archive['ready']} segments wait, "
        f"pg_wal {size(archive['wal_bytes'])}"
    )
