"""`status`: what runs, what answers, what is pending."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from slipway.data.backups.interface import STANDING
from slipway.data.gates.interface import TROUBLE
from slipway.data.objects.interface import Feature
from slipway.data.verb import Nothing
from slipway.environment import enter
from slipway.ops.interface import Observed
from slipway.plan import Silent
from slipway.recovery import backups
from slipway.release.change import differences
from slipway.release.provision import describe_excess, shortcomings


def run(on: str, reporter) -> None:
    """Prints one line per service, the schema, and the front door. Changes nothing."""
    env = enter(on)
    seen = env.engine.observe()
    differ = differences(env.engine.wanted_fingerprints(), seen.services)
    reporter.header(env.header)
    for name in env.engine.services():
        running = seen.services.get(name)
        state = running.state if running else "not running"
        notes = [running.detail, differ.get(name, "")] if running else []
        reporter.line(f"  {name:<10} {state:<12} {' · '.join(filter(None, notes))}".rstrip())
    for subject, text in facts(seen.data):
        reporter.line(f"  {subject:<10} {text}")
    if seen.data:
        for store, said in env.engine.inside(TROUBLE, Nothing(), Silent()).stores.items():
            reporter.line(f"  {store:<10} ! {said}")
        text, trouble = backups.describe_standing(env.engine.inside(STANDING, Nothing(), Silent()))
        reporter.line(f"  {'backups':<10} {text}")
        if trouble:
            reporter.line(f"  {'backups':<10} ! {trouble}")
    answer = "answers" if seen.answering else f"does not answer: {seen.last_answer or 'nothing runs'}"
    reporter.done(
        f"  {'front door':<10} {answer} at {env.engine.url()}",
        url=env.engine.url(),
        answering=seen.answering,
        differ=differ,
    )


def facts(data: Observed | None) -> Iterator[tuple[str, str]]:
    """What the data side says of the schema and of the object store."""
    if not data:
        return
    yield "schema", schema(data)
    if found := data.archive:
        yield "archive", describe_archiving(found)
    yield from (("rights", said) for said in describe_excess(data))
    features = data.records.get("objects", {}).get("features", {})
    for text in shortcomings({name: Feature(**found) for name, found in features.items()}):
        yield "store", text


def schema(data: Observed) -> str:
    if not data.postgres.reachable:
        return f"unknown: {data.postgres.reason}"
    parts = [f"{len(data.applied or {})} applied", f"{len(data.pending)} pending", *data.problems]
    return f"{', '.join(parts)} (PostgreSQL {data.postgres.server_version})"


def describe_archiving(found: Mapping) -> str:
    """How far the archive is behind; what is wrong with it, where something is."""
    if found["problems"]:
        return f"FAILING: {'; '.join(found['problems'])}"
    last = f"last change {found['age']:.0f} s ago" if found["last_wal"] else "nothing yet"
    return f"{last}, behind by {found['lag']:.0f} s"
