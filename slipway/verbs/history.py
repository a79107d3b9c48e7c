"""`history`: the releases of a stack, newest first."""

from __future__ import annotations

from slipway.plan import Silent
from slipway.world import World, enter

WORDS = {"rolled_back": "rolled back"}


def run(on: str, reporter) -> None:
    """Prints one line per release; with JSON the records themselves."""
    world = enter(on)
    releases = every(world)
    reporter.header(world.header)
    for record in releases:
        reporter.line("  " + line(record))
    words = (
        f"{len(releases)} releases." if releases else f"No release yet. ./invoke deploy{world.flag} makes the first."
    )
    reporter.done(words, releases=releases)


def every(world: World) -> list[dict]:
    return world.engine.inside("releases.list", {}, Silent())["releases"]


def line(record: dict) -> str:
    took = f"{record['seconds']:.1f} s" if record.get("seconds") is not None else ""
    schema = f"schema {record.get('schema_after') or 'none'}"
    text = (
        f"{record['id']:<22} {WORDS.get(record['result'], record['result']):<12} {record['when']}  {record['by']}@{record['host']}"
        f"  {record['kind']:<8} {took:>7}  {schema}  {record['colour']}"
    )
    return f"{text}  {record['error']['where']}: {record['error']['found']}" if record.get("error") else text.rstrip()
