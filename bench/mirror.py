"""The object mirror's second run, with nothing changed, against the limit of 2 s and against rclone sync."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bench.harness import ROOT, Result, environment, free_port, timed
from bench.memory import WATCH
from slipway.engine.embedded import binaries

OBJECTS, SIZE, FOLDERS = 10_000, 2_048, 50
LIMIT = 2.0  # seconds
TURNS = 3  # in turns, so that all meet the same machine
KEY, SECRET, BUCKET = "benchkey", "bench-secret-1", "bench"
BACKUP = [sys.executable, "-m", "slipway.ops", "backup", '{"only": "objects"}']


def measure() -> Iterator[Result]:
    """Ours is the whole command, from the start of Python to a finished backup with its list and metadata."""
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as name:
        folder = Path(name)
        fill(folder / "store" / BUCKET)
        with store(folder) as endpoint:
            env = ours(folder, endpoint)
            memory = peak(folder, env)
            plain, by_sum = rclone(folder, endpoint), rclone(folder, endpoint, "--checksum")
            timed(plain, folder, quiet())
            found: dict[str, list[float]] = {"ours": [], "plain": [], "sum": []}
            for _ in range(TURNS):
                found["ours"].append(timed(BACKUP, folder, env))
                found["plain"].append(timed(plain, folder, quiet()))
                found["sum"].append(timed(by_sum, folder, quiet()))
    middle = {name: sorted(times)[TURNS // 2] for name, times in found.items()}
    what = f"mirror: {OBJECTS:,} unchanged"
    yield Result(what, middle["ours"], LIMIT, "s", "the limit", 1.0)
    yield Result(what, middle["ours"], middle["plain"], "s", "rclone sync", 1.0)
    yield Result(what, middle["ours"], middle["sum"], "s", "rclone sync --checksum, no metadata", 4.0)
    yield Result("mirror: peak memory, first run", memory, 150, "MB", "the limit of 150 MB", 1.0)


def peak(folder: Path, env: Mapping[str, str]) -> float:
    """Megabytes that the first backup, which reads every object, needs at most."""
    words = [sys.executable, "-c", WATCH, *BACKUP]
    return float(subprocess.run(words, cwd=folder, env=dict(env), capture_output=True, text=True, check=True).stdout)


def fill(bucket: Path) -> None:
    for number in range(OBJECTS):
        path = bucket / f"d{number % FOLDERS:02}" / f"object-{number:05}.bin"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(os.urandom(SIZE))


@contextmanager
def store(folder: Path) -> Iterator[str]:
    """A real S3 server over a directory; its endpoint."""
    address = f"127.0.0.1:{free_port()}"
    words = [str(binaries.rclone()), "serve", "s3", "--addr", address, str(folder / "store")]
    server = subprocess.Popen(words, env=quiet(RCLONE_AUTH_KEY=f'"{KEY},{SECRET}"'), stderr=subprocess.DEVNULL)
    try:
        wait(address)
        yield f"http://{address}"
    finally:
        server.terminate()
        server.wait()


def wait(address: str, deadline: float = 20.0) -> None:
    import socket

    end = time.monotonic() + deadline
    host, port = address.split(":")
    while time.monotonic() < end:
        with socket.socket() as probe:
            if probe.connect_ex((host, int(port))) == 0:
                return
        time.sleep(0.02)
    raise TimeoutError(f"{address} does not answer")


def ours(folder: Path, endpoint: str) -> Mapping[str, str]:
    return environment(
        S3_ENDPOINT=endpoint,
        S3_ACCESS_KEY=KEY,
        S3_SECRET_KEY=SECRET,
        S3_BUCKETS=BUCKET,
        BACKUP_DIR=str(folder / "backups"),
        STATE_DIR=str(folder),
        STACK="bench",
        PYTHONPATH=str(ROOT),
    )


def rclone(folder: Path, endpoint: str, *more: str) -> list[str]:
    source = f':s3,provider=Other,access_key_id={KEY},secret_access_key={SECRET},endpoint="{endpoint}":{BUCKET}'
    return [str(binaries.rclone()), "sync", *more, source, str(folder / "synced")]


def quiet(**more: str) -> dict[str, str]:
    return environment(RCLONE_CONFIG=os.devnull, **more)
