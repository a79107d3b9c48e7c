"""What a verb of the data side says as it goes, and its answer: lines of JSON, wherever they come from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from slipway.data import wire
from slipway.data.verb import A, R, Verb
from slipway.errors import EngineError, from_fields
from slipway.plan import Progress


class OtherVersion(EngineError):
    """The ops container answers, and not in the form of this version."""


def parse_events(lines: Iterable[str], noise: list[str]) -> Iterator[dict]:
    """The events in these lines; lines that are none go to `noise`."""
    for line in lines:
        try:
            event = json.loads(line)
        except ValueError:
            event = None
        if isinstance(event, dict):
            yield event
        else:
            noise.append(line)


def read_last_event(found: Iterator[dict], pids: list[int], progress: Progress) -> dict:
    """The last event of a verb, its result or its error; what it says before goes to `progress`."""
    for event in found:
        kind = event.get("event")
        if kind == "pid":
            pids.append(event["pid"])
        elif kind == "progress" and (event.get("done") or event.get("total")):
            progress.count(event["done"], event.get("total") or None, event.get("unit", ""))
        elif kind == "progress":
            progress.say(event.get("text", ""))
        else:
            return event
    return {}


def decode(verb: Verb[A, R], outcome: Mapping) -> R:
    """What a verb answered in its last event; its own error is raised here again."""
    if outcome["event"] == "error":
        raise from_fields(outcome["error"])
    try:
        return wire.decode(verb.gives, outcome["result"])
    except wire.Mismatch as error:
        found = f"its answer is of another version of Slipway: {error.where}: {error.found}"
        raise OtherVersion(
            f"ops: {verb.name}", found, error.expected, "./invoke up starts the ops of this one"
        ) from None
