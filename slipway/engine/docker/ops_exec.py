"""Work in the ops container: a verb of the data side, followed as it goes, ended when we are."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator

from slipway.data import wire
from slipway.data.verb import A, R, Verb
from slipway.engine.docker.client import Connection
from slipway.engine.docker.ops_session import SERVE, Session
from slipway.engine.events import decode, parse_events, read_last_event
from slipway.errors import ENGINE_GONE, EngineError
from slipway.plan import Progress
from slipway.system import process


def run(
    connection: Connection, container: str, verb: Verb[A, R], args: A, progress: Progress, give_up: Callable[[], None]
) -> R:
    """Runs a verb of the data side in a container and returns its answer; an error of it is raised here again."""
    # The shell tells its process id and becomes the verb: an exec cannot be ended from outside in any other way.
    script = 'echo "{\\"event\\": \\"pid\\", \\"pid\\": $$}"; exec python3 -m slipway.data "$0" "$1"'
    argv = ["sh", "-c", script, verb.name, json.dumps(wire.encode(args))]
    created = prepare(connection, container, verb.name, argv)
    pids: list[int] = []
    noise: list[str] = []
    with process.cancellable(lambda: end(connection, container, pids)):
        outcome = read_last_event(events(connection, created["Id"], give_up, noise), pids, progress)
    return read_answer(connection, container, verb, outcome, noise)


def ask(
    session: Session, connection: Connection, verb: Verb[A, R], args: A, progress: Progress, give_up: Callable[[], None]
) -> R:
    """The same in a process that is there already."""
    pids, noise = [session.pid] if session.pid else [], []
    with process.cancellable(lambda: end(connection, session.container, pids)):
        try:
            lines = session.ask(verb.name, wire.encode(args), give_up)
            outcome = read_last_event(parse_events(lines, noise), pids, progress)
        except OSError as error:
            session.close()
            raise engine_gone(error) from error
        except BaseException:
            # Half an answer is still on its way: nobody may take it for the next one.
            session.close()
            end(connection, session.container, pids)
            raise
    session.pid = pids[0] if pids else 0
    return read_answer(connection, session.container, verb, outcome, noise)


def read_answer(connection: Connection, container: str, verb: Verb[A, R], outcome: dict, noise: list[str]) -> R:
    """What a verb answered; its own error is raised here again, and EngineError where it has said nothing."""
    if outcome.get("event") not in ("result", "error"):
        raise cut_off(connection, container, verb.name, noise)
    return decode(verb, outcome)


def prepare(connection: Connection, container: str, verb: str, argv: list[str], stdin: bool = False) -> dict:
    """The exec that will run `argv`. Raises EngineError if the container has stopped meanwhile."""
    from docker.errors import APIError

    try:
        return connection.api.api.exec_create(container, argv, stdin=stdin)
    except APIError as error:
        raise cut_off(connection, container, verb, [error.explanation or str(error)]) from None


def cut_off(connection: Connection, container: str, verb: str, noise: list[str]) -> EngineError:
    """Why a verb has no result: its container stopped, or it died by itself."""
    from docker.errors import NotFound

    try:
        running = connection.api.api.inspect_container(container)["State"]["Running"]
    except NotFound:
        running = False
    found, then = (
        ("it ended without a result", "./invoke logs -s ops")
        if running
        else ("its container stopped under it", "type the same command again: it starts ops anew")
    )
    return EngineError(f"ops: {verb}", found, "a verb that runs to its end", then, tuple(noise[-20:]))


def whisper(
    connection: Connection, container: str, verb: Verb[A, R], args: A, progress: Progress, give_up: Callable[[], None]
) -> R:
    """Runs a verb in a process of its own that is told its arguments over standard input."""
    session = Session(connection, container, prepare(connection, container, verb.name, SERVE, stdin=True)["Id"])
    try:
        return ask(session, connection, verb, args, progress, give_up)
    finally:
        session.close()


class Ops:
    """Verbs in the ops container of a stack; those that need none of their own share a process."""

    def __init__(self, connection: Connection):
        self.connection = connection
        self.session: Session | None = None
        self.lock = threading.Lock()

    def run(self, container: str, verb: Verb[A, R], args: A, progress: Progress, give_up: Callable[[], None]) -> R:
        if verb.confidential:
            return whisper(self.connection, container, verb, args, progress, give_up)
        if verb.alone or not self.lock.acquire(blocking=False):
            return run(self.connection, container, verb, args, progress, give_up)
        try:
            return ask(self.open_session(container, verb.name), self.connection, verb, args, progress, give_up)
        finally:
            self.lock.release()

    def wake(self, container: str) -> None:
        """Has the shared process started, so that it is there when the first of them is asked."""
        with self.lock:
            self.open_session(container, "serve")

    def open_session(self, container: str, verb: str) -> Session:
        if not self.session or not self.session.serves(container):
            if self.session:
                self.session.close()
            made = prepare(self.connection, container, verb, SERVE, stdin=True)
            self.session = Session(self.connection, container, made["Id"])
        return self.session


def events(connection: Connection, exec_id: str, give_up: Callable[[], None], noise: list[str]) -> Iterator[dict]:
    """The JSON events of a running exec; lines that are none go to `noise`. `give_up` is asked twice a second."""
    lines: queue.Queue = queue.Queue()
    threading.Thread(target=read, args=(connection, exec_id, lines), daemon=True).start()
    asked = time.monotonic()
    while True:
        # By the clock and not only when it is quiet: a gate that tells a new reason at each try is never quiet.
        if time.monotonic() - asked >= 0.5:
            give_up()
            asked = time.monotonic()
        try:
            line = lines.get(timeout=0.5)
        except queue.Empty:
            continue
        if line is None:
            return
        if isinstance(line, BaseException):
            raise engine_gone(line) from line
        yield from parse_events([line], noise)


def engine_gone(error: BaseException) -> EngineError:
    return EngineError("ops", *ENGINE_GONE, (str(error)[:300],))


def read(connection: Connection, exec_id: str, lines: queue.Queue) -> None:
    rest = b""
    try:
        for chunk in connection.api.api.exec_start(exec_id, stream=True):
            *whole, rest = (rest + chunk).split(b"\n")
            for line in whole:
                lines.put(line.decode("utf-8", "replace"))
        if rest:
            lines.put(rest.decode("utf-8", "replace"))
        lines.put(None)
    except Exception as error:
        lines.put(error)


def end(connection: Connection, container: str, pids: list[int]) -> None:
    """Asks the verb to stop: it cancels its statement and rolls back."""
    if pids:
        made = connection.api.api.exec_create(container, ["kill", "-TERM", *map(str, pids)])
        connection.api.api.exec_start(made["Id"])
