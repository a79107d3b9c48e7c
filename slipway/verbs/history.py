"""`history`: the releases of a stack, newest first, or one of them whole."""

from __future__ import annotations

from slipway.environment import enter
from slipway.errors import SettingsError
from slipway.release.history import ALL, every, line, named, told, whole


def run(on: str, reporter, release: str | None = None) -> None:
    """Prints one line per release, or all that is kept of `release`; with JSON the records themselves."""
    world = enter(on)
    reporter.header(world.header)
    if release:
        record = named(every(world, ALL), release)
        if record is None:
            raise SettingsError("release", release, "a release that is on record", f"./invoke history{world.flag}")
        for name, text in whole(record):
            reporter.line(f"  {name:<18} {text}")
        reporter.done(f"{record['id']}: {told(record)}.", releases=[record])
        return
    releases = every(world)
    for record in releases:
        reporter.line("  " + line(record))
    words = (
        f"{len(releases)} releases." if releases else f"No release yet. ./invoke deploy{world.flag} makes the first."
    )
    reporter.done(words, releases=releases)
