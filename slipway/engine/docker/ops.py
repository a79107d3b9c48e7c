"""Work in the ops container: a verb of the data side, followed as it goes, ended when we are."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Callable, Iterator, Mapping

from slipway import process
from slipway.engine.docker.client import Connection
from slipway.errors import EngineError, from_fields
from slipway.plan import Progress


def run(connection: Connection, container: str, verb: str, args: Mapping, progress: Progress,
        give_up: Callable[[], None]) -> dict:
    """Runs `python -m slipway.data VERB` in a container and returns its result; an error of it is raised here again."""
    # The shell tells its process id and becomes the verb: an exec cannot be ended from outside in any other way.
    script = 'echo "{\\"event\\": \\"pid\\", \\"pid\\": $$}"; exec python3 -m slipway.data "$0" "$1"'
    created = prepare(connection, container, verb, ["sh", "-c", script, verb, json.dumps(dict(args))])
    outcome: dict = {}
    noise: list[str] = []
    pids: list[int] = []
    with process.cancellable(lambda: end(connection, container, pids)):
        for event in events(connection, created["Id"], give_up, noise):
            kind = event.get("event")
            if kind == "pid":
                pids.append(event["pid"])
            elif kind == "progress" and (event.get("done") or event.get("total")):
                progress.count(event["done"], event.get("total") or None, event.get("unit", ""))
            elif kind == "progress":
                progress.say(event.get("text", ""))
            else:
                outcome = event
    if outcome.get("event") == "error":
        raise from_fields(outcome["error"])
    if outcome.get("event") != "result":
        raise cut_off(connection, container, verb, noise)
    return outcome["result"]


def prepare(connection: Connection, container: str, verb: str, argv: list[str]) -> dict:
    """The exec that will run `argv`. Raises EngineError if the container has stopped meanwhile."""
    from docker.errors import APIError

    try:
        return connection.api.api.exec_create(container, argv)
    except APIError as error:
        raise cut_off(connection, container, verb, [error.explanation or str(error)]) from None


def cut_off(connection: Connection, container: str, verb: str, noise: list[str]) -> EngineError:
    """Why a verb has no result: its container stopped, or it died by itself."""
    from docker.errors import NotFound

    try:
        running = connection.api.api.inspect_container(container)["State"]["Running"]
    except NotFound:
        running = False
    found, then = ("it ended without a result", "./invoke logs -s ops") if running else \
        ("its container stopped under it", "type the same command again: it starts ops anew")
    return EngineError(f"ops: {verb}", found, "a verb that runs to its end", then, tuple(noise[-20:]))


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
            raise EngineError("ops", f"the connection to the engine broke: {line}", "an engine that stays",
                              "type the same command again") from line
        try:
            yield json.loads(line)
        except ValueError:
            noise.append(line)


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
