"""The reference backend against examples/hono: the same Postgres, the same rows, one core each.

The stores and the generator have the machine's last core, the service that is measured has the first one alone. Where
the generator is the slower of the two, requests per second say nothing of the service: CPU per request does.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from bench.harness import ROOT, NotMeasured, Result, copy_of_tree, environment, free_port, invoke, take_down, timed
from slipway.config import envfile
from slipway.engine.embedded.services import addresses
from slipway.stack import contract
from tests.support.other_app import OTHER_USER, ROWS, SECRET, token

SECONDS, WARM, STARTS, CONNECTIONS = 6.0, 2.0, 5, 16
PATHS = {"tasks": "/api/v1/tasks?limit=20", "health": "/health"}
FIRST, LAST = "0", str((os.cpu_count() or 1) - 1)
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))
BARS = {"tasks": 1.0, "health": 2.0}  # of time per request, ours to the peer's
MEGABYTES, READY = 120.0, 1.0  # limits of one worker: memory, seconds from start to ready
NO_BAR = float("inf")


@dataclass(frozen=True)
class Service:
    """One of the two: how it is started, and where."""

    argv: tuple[str, ...]
    folder: Path
    env: Mapping[str, str]


@dataclass(frozen=True)
class Numbers:
    """What was measured of one service; the loops are by their name in PATHS."""

    loops: Mapping[str, Mapping[str, float]]
    megabytes: float
    ready: float


def measure() -> Iterator[Result | NotMeasured]:
    missing = [program for program in ("taskset", "node", "npm") if not shutil.which(program)]
    if missing or FIRST == LAST:
        yield NotMeasured("backend", f"no {', '.join(missing) or 'second core'}")
        return
    env = environment(ENGINE="embedded", HTTP_PORT=free_port())
    with copy_of_tree() as tree:
        npm = ["npm", "ci", "--omit=dev", "--ignore-scripts", "--no-audit", "--no-fund"]
        timed(npm, tree / "examples/hono", os.environ)
        try:
            timed(["taskset", "-c", LAST, *invoke("up")], tree, env)
            told = environment_of_app(tree)
            fill(tree)
            ours = numbers(Service((sys.executable, "-m", "backend"), tree / "app", told))
            peer = numbers(Service(("node", "server.js"), tree / "examples/hono", told))
        finally:
            take_down(tree, env)
    yield from compared(ours, peer)


def compared(ours: Numbers, peer: Numbers) -> Iterator[Result]:
    """Both side by side. Time per request, which is the rate turned over, has a bar; its shares are to be known."""
    for name in PATHS:
        one, other = ours.loops[name], peer.loops[name]
        each, its = 1e6 / one["rate"], 1e6 / other["rate"]
        yield Result(f"backend: {name}, time per request", each, its, "us", "examples/hono", BARS[name])
        for what, unit in (("p50", "ms"), ("p99", "ms"), ("cpu", "us")):
            yield Result(f"backend: {name}, {what}", one[what], other[what], unit, "examples/hono", NO_BAR)
    yield Result("backend: memory after load", ours.megabytes, MEGABYTES, "MB", "a limit", 1.0)
    yield Result("backend: from start to ready", ours.ready, READY, "s", "a limit", 1.0)


def environment_of_app(tree: Path) -> dict[str, str]:
    """What the app of the stack in `tree` is told, as the embedded engine tells it."""
    settings = envfile.load(tree, "local", {})
    ports = json.loads((tree / ".slipway/local/ports.json").read_text())
    return contract.app(settings, addresses(ports), contract.in_clear(settings)) | {"JWT_SECRET": SECRET}


def fill(tree: Path) -> None:
    """The rows that are listed, and statistics of them."""
    import psycopg

    settings = envfile.read(tree / ".env")
    port = json.loads((tree / ".slipway/local/ports.json").read_text())["postgres"]
    url = f"postgresql://postgres:{settings['POSTGRES_PASSWORD'].value}@127.0.0.1:{port}/slipway"
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(ROWS)
        connection.execute("ANALYZE tasks")


def numbers(service: Service) -> Numbers:
    """Everything that is measured of one service."""
    ready = statistics.median(start_to_ready(service) for _ in range(STARTS))
    with started(service) as (process, port):
        loops = {name: loop(process, port, path) for name, path in PATHS.items()}
        return Numbers(loops, process.memory_info().rss / 2**20, ready)


def start_to_ready(service: Service) -> float:
    begun = time.perf_counter()
    with started(service):
        return time.perf_counter() - begun


def loop(process: psutil.Process, port: int, path: str) -> dict[str, float]:
    """What the generator says, and the microseconds of CPU that the service took for a request."""
    aim = {"port": port, "path": path, "headers": f"Authorization: Bearer {token(OTHER_USER)}\r\n"}
    aim |= {"connections": CONNECTIONS}
    generate(aim | {"seconds": WARM})
    before = sum(process.cpu_times()[:2])
    found = generate(aim | {"seconds": SECONDS})
    if found["wrong"]:
        raise RuntimeError(f"{found['wrong']:.0f} answers of {path} were not 200")
    return found | {"cpu": (sum(process.cpu_times()[:2]) - before) / found["requests"] * 1e6}


def generate(aim: Mapping[str, object]) -> dict[str, float]:
    argv = ["taskset", "-c", LAST, sys.executable, "-m", "bench.closed_loop", json.dumps(aim)]
    return json.loads(subprocess.run(argv, cwd=ROOT, check=True, capture_output=True, text=True).stdout)


@contextmanager
def started(service: Service) -> Iterator[tuple[psutil.Process, int]]:
    """The service on the first core, as soon as it is ready, and its port."""
    port = free_port()
    argv = ["taskset", "-c", FIRST, *service.argv]
    env = {"PATH": os.environ["PATH"], **service.env, "HOST": "127.0.0.1", "PORT": port}
    process = subprocess.Popen(argv, cwd=service.folder, env=env, stdout=subprocess.DEVNULL)
    try:
        wait(process, lambda: is_ready(int(port)))
        yield psutil.Process(process.pid), int(port)
    finally:
        process.terminate()
        process.wait()


def wait(process: subprocess.Popen[bytes], state: Callable[[], bool]) -> None:
    while not state():
        if process.poll() is not None:
            raise RuntimeError(f"{process.args} ended with {process.returncode} before it was ready")
        time.sleep(0.005)


def is_ready(port: int) -> bool:
    with socket.socket() as probe:  # a refused connection costs less than a refused request
        if probe.connect_ex(("127.0.0.1", port)):
            return False
    try:
        return bool(OPENER.open(f"http://127.0.0.1:{port}/ready", timeout=10).status == 200)
    except OSError:
        return False
