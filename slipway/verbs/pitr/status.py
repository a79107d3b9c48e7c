"""`pitr.status`: how far the archive is behind, which moments can be restored, what is wrong."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from slipway.environment import enter
from slipway.errors import VerificationError
from slipway.plan import Silent
from slipway.recovery import pitr
from slipway.units import size


def run(on: str, reporter) -> None:
    """Prints it. Then raises VerificationError (exit 8) if something is wrong, for monitoring."""
    env = enter(on)
    pitr.refuse_without(env)
    found = env.engine.inside("pitr.status", {}, Silent())
    reporter.header(env.header)
    for subject, text in lines(found):
        reporter.line(f"  {subject:<10} {text}")
    # With --json the figures are there when something is wrong, too: a monitor draws them.
    reporter.done(f"  {'window':<10} {found['window']['text']} (UTC)", **found)
    if found["problems"]:
        raise VerificationError(
            "archive",
            found["problems"][0],
            "every change archived within a minute or so",
            f"./invoke up{env.flag} proves it; ./invoke logs -s pitr{env.flag}",
        )


def lines(found: dict) -> Iterator[tuple[str, str]]:
    """What people read, worst last."""
    yield from (("archive", line(found["archive"])),) if "reason" not in found["archive"] else ()
    for each in found["repositories"]:
        yield "repository", f"{each['key']}: {each['message']}"
    for each in found["backups"][-5:]:
        when = datetime.fromtimestamp(each["ended"], UTC).strftime("%Y-%m-%d %H:%M:%S")
        where = ", ".join(map(str, each["repositories"]))
        yield (
            "backup",
            (
                f"{each['label']}  {each['kind']}, ended {when}, {size(each['stored'])} of "
                f"{size(each['size'])}, repository {where}"
            ),
        )
    for each in found["kept"]:
        yield "kept", f"{each['path']}, {size(each['bytes'])}, from before a restore"
    for text in found["problems"]:
        yield "problem", text


def line(archive: dict) -> str:
    """The state of archiving in one line."""
    last = f"{archive['last_wal']} got there {archive['age']:.0f} s ago" if archive["last_wal"] else "nothing yet"
    return (
        f"{last}; behind by {archive['lag']:.0f} s, {archive['ready']} segments wait, "
        f"pg_wal {size(archive['wal_bytes'])}"
    )
