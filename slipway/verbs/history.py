"""`history`: the releases of a stack, newest first, or one of them whole."""

from __future__ import annotations

from slipway.environment import enter
from slipway.errors import SettingsError
from slipway.release.history import ALL, describe_result, every, find_record, line, whole


def run(on: str, reporter, release: str | None = None) -> None:
    """Prints one line per release, or all that is kept of `release`; with JSON the records themselves."""
    env = enter(on)
    reporter.header(env.header)
    if release:
        record = find_record(every(env, ALL), release)
        if record is None:
            raise SettingsError("release", release, "a release that is on record", f"./invoke history{env.flag}")
        for name, text in whole(record):
            reporter.line(f"  {name:<18} {text}")
        reporter.done(f"{record['id']}: {describe_result(record)}.", releases=[record])
        return
    releases = every(env)
    for record in releases:
        reporter.line("  " + line(record))
    words = f"{len(releases)} releases." if releases else f"No release yet. ./invoke deploy{env.flag} makes the first."
    reporter.done(words, releases=releases)
