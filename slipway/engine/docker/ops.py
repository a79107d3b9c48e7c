"""Work in the ops container: a verb of the data side, followed as it goes, ended when we are."""

from __future__ import annotations

import json
import queue
import threading
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
    created = connection.api.api.exec_create(container, ["sh", "-c", script, verb, json.dumps(dict(args))])
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
        raise EngineError(f"ops: {verb}", "it ended without a result", "a verb that runs to its end",
                          "./invoke logs -s ops", tuple(noise[-20:]))
    return outcome["result"]


def events(connection: Connection, exec_id: str, give_up: Callable[[], None], noise: list[str]) -> Iterator[dict]:
    """The JSON events of a running exec; lines that are none go to `noise`. `give_up` is asked twice a second."""
    lines: queue.Queue = queue.Queue()
    threading.Thread(target=read, args=(connection, exec_id, lines), daemon=True).start()
    while True:
        try:
            line = lines.get(timeout=0.5)
        except queue.Empty:
            give_up()
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
