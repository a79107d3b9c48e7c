"""`status`: what runs, what answers, what is pending."""

from __future__ import annotations

from slipway.verbs.up import differences
from slipway.world import enter


def run(on: str, reporter) -> None:
    """Prints one line per service, the schema, and the front door. Changes nothing."""
    world = enter(on)
    seen = world.engine.observe()
    differ = differences(world.engine.wanted(), seen.services)
    reporter.header(world.header)
    for name in world.engine.services():
        running = seen.services.get(name)
        state = running.state if running else "not running"
        reporter.line(f"  {name:<10} {state:<12} {running.detail if running else ''}{' · ' + differ[name] if name in differ and running else ''}".rstrip())
    if seen.data:
        reporter.line(f"  {'schema':<10} {schema(seen.data)}")
    answer = "answers" if seen.answering else f"does not answer: {seen.last_answer or 'nothing runs'}"
    reporter.done(f"  {'front door':<10} {answer} at {world.engine.url()}", url=world.engine.url(),
                  answering=seen.answering, differ=differ)


def schema(data: dict) -> str:
    if not data["postgres"]["reachable"]:
        return f"unknown: {data['postgres']['reason']}"
    parts = [f"{len(data['applied'] or {})} applied", f"{len(data['pending'])} pending", *data["problems"]]
    return f"{', '.join(parts)} (PostgreSQL {data['postgres']['server_version']})"
