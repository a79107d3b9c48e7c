"""Takes the scheduled backups: a small process beside the data that sleeps until one is due.

What it has done is kept in the stack's records, so that a restart neither repeats nor forgets one. Each piece of work
is a process of its own, which may fail or be killed without ending the schedule.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Generic

from slipway.data import endpoints, records, wire
from slipway.data.backups import schedule
from slipway.data.backups.interface import BACKUP, PRUNE, Backup, Prune
from slipway.data.endpoints import Endpoints
from slipway.data.offsite.interface import PUSH, Push
from slipway.data.restore.interface import DRILL, Drill
from slipway.data.verb import A, R, Verb
from slipway.errors import SlipwayError
from slipway.ops import releases

NAP = 15.0  # seconds; short, so that a clock that is set right is noticed
DEPLOYS = 1800  # seconds that a deploy may go on before a backup is taken all the same
WAIT = 600  # seconds that another backup may go on


def main() -> None:
    """Runs until it is told to end."""
    ends = endpoints.read(os.environ)
    say(f"backups are due at {ends.backup.schedule} (UTC)")
    while True:
        try:
            turn(ends)
        except (SlipwayError, OSError) as error:
            say(f"the schedule cannot go on for now: {ends.scrub(str(error))}")
        time.sleep(NAP)


def turn(ends: Endpoints) -> None:
    """Takes a backup if one is due."""
    now, record = datetime.now(UTC), records.read(ends.state_dir, schedule.RECORD)
    if record.get("schedule") != ends.backup.schedule or schedule.ahead(record, now):
        record = schedule.fresh(ends.backup.schedule, now)
        records.write(ends.state_dir, schedule.RECORD, record)
    if due := schedule.find_due(record, now):
        outlast_deploy(ends)
        with record_run(ends, record, due) as outcome:
            outcome |= work(ends)


@contextmanager
def record_run(ends: Endpoints, record: dict, due: datetime) -> Iterator[dict]:
    """Records that a backup begins, and how it went."""
    again = record.get("due") == schedule.stamp(due)
    record = record | {"running": schedule.stamp(datetime.now(UTC))}
    outcome: dict = {"ok": False, "id": None, "error": "it was ended"}
    try:
        # In here: it may be told to end as soon as the record is there.
        records.write(ends.state_dir, schedule.RECORD, record)
        yield outcome
    finally:
        records.write(
            ends.state_dir,
            schedule.RECORD,
            record
            | outcome
            | {
                "due": schedule.stamp(due),
                "running": None,
                "ended": schedule.stamp(datetime.now(UTC)),
                "tries": record["tries"] + 1 if again else 1,
            },
        )


def outlast_deploy(ends: Endpoints) -> None:
    """Lets a deploy end first: its migrations would wait for our locks, and give way."""
    deadline = time.monotonic() + DEPLOYS
    if is_deploying(ends):
        say("a backup is due, and waits for the deploy that is under way")
    while is_deploying(ends) and time.monotonic() < deadline:
        time.sleep(0.5)


def is_deploying(ends: Endpoints) -> bool:
    return (releases.summary(ends).newest or {}).get("result") == "running"


def work(ends: Endpoints) -> dict:
    """Backup, drill, copies, prune; what fails first is the error, and a backup that is there is not undone by it."""
    made = run(BACKUP, Backup("schedule", wait=WAIT))
    if made.answer is None:
        return {"ok": False, "id": None, "error": made.error}
    error = made.error
    for verb, args in after(ends, made.answer.id):
        error = run(verb, args).error or error
    return {"ok": not error, "id": made.answer.id, "error": error}


def after(ends: Endpoints, name: str | None) -> Iterator[tuple[Verb, object]]:
    """What is done with a backup that was taken by schedule; None is the newest."""
    if ends.backup.drill in ("schedule", "always"):
        yield DRILL, Drill(name)
    if ends.offsite:
        yield PUSH, Push(wait=WAIT)
    yield PRUNE, Prune()


@dataclass(frozen=True)
class Ran(Generic[R]):
    """How a verb ended: its answer, or its error as a sentence; the exit code is that of its process."""

    answer: R | None
    error: str
    code: int


def run(verb: Verb[A, R], args: A) -> Ran[R]:
    """Runs one verb as a process."""
    begun = time.monotonic()
    child = subprocess.Popen(
        [sys.executable, "-m", "slipway.ops", verb.name, json.dumps(wire.encode(args))],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        last = ""
        for line in child.stdout:
            last = line
    finally:
        child.wait()
    result, error = read_event(last)
    words = (
        verb.name,
        result.get("id"),
        f"failed: {error}" if error else "done",
        f"after {time.monotonic() - begun:.1f} s",
    )
    say(" ".join(filter(None, words)))
    # Killed, it has no code of its own.
    code = child.returncode if child.returncode > 0 else int(bool(error))
    return Ran(None if error else wire.decode(verb.gives, result), error, code)


def read_event(line: str) -> tuple[dict, str]:
    try:
        event = json.loads(line)
    except ValueError:
        return {}, "it ended without a result"
    if event.get("event") == "result":
        return event["result"], ""
    error = event.get("error", {})
    return {}, ": ".join(filter(None, (error.get("where"), error.get("found")))) or "it ended without a result"


def say(text: str) -> None:
    print(f"{schedule.stamp(datetime.now(UTC))} {text}", flush=True)


def end(number: int, frame: object) -> None:
    """Ends the work as well, even one that was begun in this very moment and that no name leads to yet."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    os.killpg(0, signal.SIGTERM)
    sys.exit(0)


if __name__ == "__main__":
    if os.getpgrp() != os.getpid():
        os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    main()
