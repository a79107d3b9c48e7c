"""Load on one front door: an open loop of requests at a fixed rate, every answer and every failure counted.

    with load("http://127.0.0.1:8080", seconds=60) as running:
        ...                         # ends the load early if it is done sooner
    assert running.result.failed == 0

A process of its own sends, so that the waiting of a test does not show in the latencies. Of 40 requests one goes to the
slow path; of the others one half is sent on kept connections and one half on fresh ones, one fourth is POST.
Nothing is sent twice: a failure on a kept connection counts, though a browser would try again. Loopback only.
"""

from __future__ import annotations

import asyncio
import json
import math
import re
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from tests.support.campaign import sized
from tests.support.load import sender

ROOT = Path(__file__).resolve().parents[3]
FULL = sized(100, 220)  # requests per second, for deploys that are measured; a run of CI has two files more beside them
LIGHT = 60  # for faults: enough that a gap of a tenth of a second shows, and the machine has time for the rest
LOOPBACK = re.compile(r"127(\.\d{1,3}){3}|localhost|::1")
MOST_REQUESTS = 500_000


class Sample(NamedTuple):
    """One request: when it was due (time.monotonic()), milliseconds until its answer was read, kind, status."""

    at: float
    ms: float
    kind: str  # fast, post or slow
    status: int  # 0: no answer


@dataclass(frozen=True)
class Failure:
    """One request without a 2xx answer; `kind` is `status 502`, `refused`, `reset`, `closed early`, `timeout`."""

    at: float
    kind: str
    method: str
    path: str
    detail: str = ""
    opened: bool = False  # whether its connection was opened for it


@dataclass(frozen=True)
class Result:
    """What came of a load; `seconds` is how long requests were sent."""

    samples: tuple[Sample, ...]
    failures: tuple[Failure, ...]
    seconds: float
    turns: tuple[float, ...] = ()  # when the fast path began to answer otherwise: a new release

    @property
    def requests(self) -> int:
        return len(self.samples)

    @property
    def failed(self) -> int:
        return len(self.failures)

    @property
    def answers(self) -> dict[int, int]:
        """How many answers came with each status."""
        return dict(Counter(sample.status for sample in self.samples if sample.status))

    @property
    def kinds(self) -> dict[str, int]:
        """How many failures there were of each kind."""
        return dict(Counter(failure.kind for failure in self.failures))

    @property
    def rate(self) -> float:
        return self.requests / self.seconds if self.seconds else 0.0

    def percentile(self, share: float, since: float = -math.inf, until: float = math.inf) -> float:
        """Milliseconds within which `share` of the answers outside the slow path came, of requests due in that time."""
        return percentile(share, (sample.ms for sample in self.quick() if since <= sample.at <= until))

    def quick(self) -> Iterator[Sample]:
        """What was answered outside the slow path."""
        return (sample for sample in self.samples if sample.kind != "slow" and sample.status)

    def p99(self, since: float = -math.inf, until: float = math.inf) -> float:
        return self.percentile(0.99, since, until)

    def text(self) -> str:
        failures = ", ".join(f"{count} × {kind}" for kind, count in self.kinds.items()) or "none failed"
        return (
            f"{self.requests} requests at {self.rate:.0f}/s, {failures}; "
            f"p50 {self.percentile(0.5):.0f} ms, p99 {self.p99():.0f} ms"
        )


def percentile(share: float, values: Iterable[float]) -> float:
    """The smallest of the values that `share` of them do not exceed; not a number where there are none."""
    found = sorted(values)
    return found[max(0, math.ceil(share * len(found)) - 1)] if found else math.nan


@dataclass
class Running:
    """A load on its way; `result` is there once it has ended."""

    process: subprocess.Popen
    begun: float = field(default_factory=time.monotonic)
    result: Result | None = field(default=None)
    lasted: bool = (
        False  # whether requests were sent until the block ended: a load that was over proves nothing of the rest
    )

    def finish(self) -> Result:
        """Ends the sending, waits for the last answers, and returns the result."""
        asked = time.monotonic() - self.begun
        self.process.stdin.close()
        result = self.wait()
        self.lasted = result.seconds >= asked
        return result

    def wait(self) -> Result:
        """The result, once the load has ended by itself."""
        if self.result is None:
            told = self.process.stdout.read()
            if self.process.wait():
                raise RuntimeError(f"the load generator ended with {self.process.returncode}")
            self.result = parsed(json.loads(told))
        return self.result


@contextmanager
def load(
    url: str,
    seconds: float = 120.0,
    rate: int = LIGHT,
    fast: str = "/version",
    post: str | None = "/echo",
    slow: str | None = "/slow",
    prefix: tuple[str, ...] = (),
    idle: float = math.inf,
) -> Iterator[Running]:
    """Sends `rate` requests per second until the block ends, at most `seconds`; the block begins as it does.

    `post` and `slow` may be None for an app without such paths; `prefix` is a command that the sender is run by; a kept
    connection that has rested for more than `idle` seconds is not used again. Raises ValueError for a host that is not
    this machine.
    """
    if not LOOPBACK.fullmatch(urlsplit(url).hostname or ""):
        raise ValueError(f"{url}: load goes to loopback only")
    aim = sender.Aim(url, rate, seconds, min(math.ceil(rate * seconds), MOST_REQUESTS), fast, post, slow, idle)
    argv = [*prefix, sys.executable, "-m", "tests.support.load.sender", json.dumps(asdict(aim))]
    process = subprocess.Popen(argv, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        if not process.stdout.readline():
            raise RuntimeError("the load generator did not begin")
        running = Running(process)
        yield running
        running.finish()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
        process.stdin.close()
        process.stdout.close()


def parsed(told: dict) -> Result:
    """The result as the sending process tells it."""
    return Result(
        tuple(Sample(*each) for each in told["samples"]),
        tuple(Failure(**each) for each in told["failures"]),
        told["seconds"],
        tuple(told["turns"]),
    )


if __name__ == "__main__":
    # For people: python -m tests.support.load.generator http://127.0.0.1:8080 10
    asked = sender.Aim(sys.argv[1], FULL, float(sys.argv[2]), MOST_REQUESTS, "/version", "/echo", "/slow")
    print(parsed(asyncio.run(sender.send(asked, watch=False))).text())
