"""Releases as people read them: one line, or all that is kept of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from slipway.environment import Environment
from slipway.ops.interface import LIST, ListReleases
from slipway.plan import Silent

SHOWN, ALL = 50, 10**9
WORDS = {"rolled_back": "rolled back"}


def every(env: Environment, limit: int = SHOWN) -> Sequence[Mapping]:
    """The newest `limit` records, newest first."""
    return env.engine.inside(LIST, ListReleases(limit), Silent()).releases


def find_record(records: Sequence[Mapping], name: str) -> Mapping | None:
    """The record of that id, which may be given without its revision."""
    return next((record for record in records if name in (record["id"], record["id"].split("-")[0])), None)


def describe_result(record: Mapping) -> str:
    return WORDS.get(record["result"], record["result"])


def line(record: Mapping) -> str:
    took = f"{record['seconds']:.1f} s" if record.get("seconds") is not None else ""
    text = (
        f"{record['id']:<22} {describe_result(record):<12} {record['when']}  {record['by']}@{record['host']}"
        f"  {record['kind']:<8} {took:>7}  schema {schema(record)}  {record['colour']}"
    )
    return f"{text}  {wrong(record)}" if record.get("error") else text.rstrip()


def schema(record: Mapping) -> str:
    """The schema's version, and the one before where the release moved it."""
    before, after = (record.get(key) or "none" for key in ("schema_before", "schema_after"))
    return f"{after}" if before == after else f"{before} → {after}"


def wrong(record: Mapping) -> str:
    return f"{record['error']['where']}: {record['error']['found']}"


def whole(record: Mapping) -> Iterator[tuple[str, str]]:
    """Everything that a person may want to know of a release, by name; what it has not got is left out."""
    yield "by", f"{record['by']}@{record['host']}, {record['when']}, {record['kind']}"
    yield "schema", schema(record)
    for name, key in (
        ("revision", "revision"),
        ("image", "image"),
        ("image id", "image_id"),
        ("digest", "digest"),
        ("reads schema", "accepts"),
        ("colour", "colour"),
        ("backup", "backup"),
        ("back to", "target"),
    ):
        if record.get(key):
            yield name, record[key]
    if text := felt(record):
        yield "since migration", text
    if record.get("error"):
        yield "error", wrong(record)
    for step, seconds in record["steps"].items():
        yield step, f"{seconds:.1f} s"


def felt(record: Mapping) -> str:
    """What users felt of migrations before their release served; empty where that is nothing, or was not counted."""
    found = record.get("since_migration")
    if not found or not (found["failed"] or found["unanswered"]):
        return ""
    own = f", and {found['unanswered']} requests had none" if found["unanswered"] else ""
    return f"{found['failed']} of {found['answers']} answers were 5xx between the migrations and the new release{own}"
