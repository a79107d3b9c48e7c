"""A few threads that work through any number of items, with only a handful of them in memory."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field

from slipway.data.endpoints import Emit
from slipway.data.progress import progress

WORKERS = 8
END = object()
PULSE = 0.2  # seconds between two words about how far it is


class Stopped(Exception):
    """A worker was told to leave its work."""


@dataclass
class Tally:
    """Bytes done, told now and then; safe to add to from several threads."""

    emit: Emit
    text: str
    total: int
    done: int = 0
    told: float = 0.0
    stop: threading.Event = field(default_factory=threading.Event)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self, count: int) -> None:
        """Raises Stopped when the work is to end."""
        if self.stop.is_set():
            raise Stopped
        with self.lock:
            self.done += count
            if time.monotonic() - self.told >= PULSE:
                self.told = time.monotonic()
                progress(self.emit, self.text, self.done, self.total, "bytes")


def each(work: Callable, items: Iterable, stop: threading.Event, workers: int = WORKERS) -> Iterator[tuple]:
    """(item, work(item)) for every item, as they end. The first failure ends the others and is raised.

    Daemon threads, not an executor: an interrupt must not wait for a store that has gone silent.
    """
    todo, done = queue.Queue(), queue.Queue()
    for _ in range(workers):
        threading.Thread(target=labour, args=(work, todo, done, stop), daemon=True).start()
    under_way = 0
    try:
        for item in items:
            while under_way >= workers * 2:
                yield unwrap_outcome(done.get())
                under_way -= 1
            todo.put(item)
            under_way += 1
        for _ in range(under_way):
            yield unwrap_outcome(done.get())
    except BaseException:
        stop.set()
        raise
    finally:
        for _ in range(workers):
            todo.put(END)


def labour(work: Callable, todo: queue.Queue, done: queue.Queue, stop: threading.Event) -> None:
    while (item := todo.get()) is not END:
        try:
            done.put((item, None if stop.is_set() else work(item), None))
        except BaseException as error:
            done.put((item, None, error))


def unwrap_outcome(outcome: tuple) -> tuple:
    item, result, error = outcome
    if error is not None:
        raise error
    return item, result
