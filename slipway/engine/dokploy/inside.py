"""Work in the ops container of a stack on Dokploy: a verb is run by a schedule that is off, and says what it does in its log."""

from __future__ import annotations

import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress

from slipway.data import packed, wire
from slipway.data.verb import A, R, Verb
from slipway.engine import events
from slipway.engine.dokploy import tail
from slipway.engine.dokploy.api.answers import Deployment, Schedule, Service
from slipway.engine.dokploy.api.client import Dokploy
from slipway.engine.dokploy.api.deployments import MOST_LINES
from slipway.engine.dokploy.api.failures import DokployError, Missing, Unanswered, Unreachable
from slipway.engine.dokploy.api.schedules import Wanted
from slipway.errors import EngineError, SettingsError
from slipway.plan import Progress
from slipway.system import process

OURS = "slipway run"
LONGEST = 86400.0  # seconds
LOOK = 0.5  # seconds between two looks at what it says
START = 10.0  # seconds that it may take to say something
AWAY = 60.0  # seconds that a server which does not answer is asked for what was written
OLD = 86400  # seconds after which a schedule of a run that was killed is removed


class Run:
    """One verb while it runs. The request that started it is answered when it has ended."""

    def __init__(self, client: Dokploy, service: Service, name: str, command: str, schedule: Schedule | None = None):
        self.client, self.service = client, service
        unique = f"{OURS} {name} {int(time.time() + client.transport.ahead)} {uuid.uuid4().hex[:8]}"
        wanted = Wanted(unique, "ops", command, shell="sh")  # noqa: S604  (which shell Dokploy is to take)
        self.schedule = schedule or client.ensure_schedule(service, wanted)
        self.before = {each.id for each in client.runs(self.schedule)} if schedule else set()
        self.record: Deployment | None = None
        self.known: Sequence[str] = ()
        self.error: Exception | None = None
        self.ended = threading.Event()
        threading.Thread(target=self.work, daemon=True).start()

    def work(self) -> None:
        try:
            self.record = self.client.run(self.schedule, within=LONGEST)
        except Exception as error:
            self.error = error
        self.ended.set()

    def lines(self, give_up: Callable[[], None]) -> Iterator[str]:
        """Every line that it writes, until it has ended. `give_up` is called twice a second, after what is new was given."""
        told: Sequence[str] = ()
        while True:
            over = self.ended.wait(LOOK)
            there = self.look(over)
            yield from tail.new_lines(told, there)
            told = there
            if over and self.error:
                raise self.error
            if over:
                return
            try:
                give_up()
            except Exception:
                if not told:  # its number, by which it is ended
                    yield from self.first()
                raise

    def first(self) -> Sequence[str]:
        """The first lines of one that has said nothing yet; none if it says nothing for a while."""
        deadline = time.monotonic() + START
        while not (self.known or self.ended.is_set() or time.monotonic() >= deadline):
            self.ended.wait(LOOK)
            self.look(over=False)
        return self.known

    def look(self, over: bool) -> Sequence[str]:
        """The whole lines that it has written so far; of one that runs what was known, while the server does not answer."""
        deadline = time.monotonic() + AWAY
        while True:
            try:
                if record := self.record or self.begun():
                    self.known = tail.whole_lines(self.client.text(record, MOST_LINES), over)
                return self.known
            except Missing:  # somebody removed the schedule, and its logs with it
                return self.known
            except (Unreachable, Unanswered):
                if not over:
                    return self.known
                if self.error or time.monotonic() >= deadline:
                    raise
                time.sleep(LOOK)

    def begun(self) -> Deployment | None:
        """Its record, while it runs."""
        fresh = [each for each in self.client.runs(self.schedule) if each.id not in self.before]
        return fresh[-1] if fresh else None

    def forget(self) -> None:
        """Removes the schedule, and with it the log."""
        with suppress(DokployError):
            self.client.remove_schedule(self.schedule)


def run(
    client: Dokploy, service: Service, verb: Verb[A, R], args: A, progress: Progress, give_up: Callable[[], None]
) -> R:
    """Runs a verb of the data side in the ops container and returns its answer; an error of it is raised here again."""
    if verb.confidential:
        raise confidential(verb.name)
    word = packed.pack(json.dumps(wire.encode(args)))
    going = Run(client, service, verb.name, f"exec python3 -m slipway.data {verb.name} {word}")
    pids: list[int] = []
    noise: list[str] = []
    try:
        with process.cancellable(lambda: end(client, service, pids)):
            outcome = events.read_last_event(events.parse_events(going.lines(give_up), noise), pids, progress)
        if outcome.get("event") not in ("result", "error"):
            raise without_result(verb.name, going, noise)
    except BaseException:
        # Also one that may have lost its listener alone, as where the server was started anew.
        end(client, service, pids)
        raise
    finally:
        going.forget()
    return events.decode(verb, outcome)


def without_result(name: str, going: Run, noise: Sequence[str]) -> EngineError:
    cut = going.record is not None and going.record.status == "cancelled"
    return EngineError(
        f"ops: {name}",
        "Dokploy was started anew while it ran, and it was told to stop" if cut else "it ended without a result",
        "a verb that runs to its end",
        "type the same command again" if cut else "./invoke logs -s ops",
        tuple(noise[-20:]),
    )


def end(client: Dokploy, service: Service, pids: Sequence[int]) -> None:
    """Asks the verb to stop: it cancels its statement and rolls back."""
    if pids:
        with suppress(DokployError):
            going = Run(client, service, "end", f"kill -TERM {' '.join(map(str, pids))}")
            going.ended.wait(10)
            going.forget()


def sweep(client: Dokploy, service: Service) -> None:
    """Removes what runs have left that were killed long ago."""
    now = time.time() + client.transport.ahead
    for each in client.schedules(service):
        words = each.name.split()
        if each.name.startswith(OURS) and words[-2].isdigit() and int(words[-2]) < now - OLD:
            with suppress(DokployError):  # of no consequence, and perhaps somebody else did it
                client.remove_schedule(each)


def confidential(name: str) -> SettingsError:
    return SettingsError(
        f"{name} on Dokploy",
        "its arguments or its answer hold a secret, and Dokploy keeps and shows every command and what it says",
        "a stack that is reached without Dokploy's API",
        "type it for a stack with ENGINE=docker: see docs/dokploy.md, Limits",
    )
