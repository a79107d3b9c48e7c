"""What every benchmark needs: a copy of the tree to work in, timed commands, and a result that names its peer."""

from __future__ import annotations

import math
import os
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Result:
    """One measurement: ours against a peer in the same run, or against a plain limit."""

    name: str
    ours: float
    peer: float
    unit: str
    against: str
    bar: float  # ours / peer must not exceed it

    @property
    def ratio(self) -> float:
        return self.ours / self.peer

    @property
    def met(self) -> bool:
        return self.ratio <= self.bar

    def line(self) -> str:
        bar, verdict = f"≤ {self.bar:<4}", "met" if self.met else "NOT MET"
        if math.isinf(self.bar):
            bar, verdict = "none  ", "measured"
        return (
            f"{self.name:<34} {self.ours:8.2f} {self.unit:<3} {self.peer:8.2f} {self.unit:<3} {self.ratio:6.2f}  {bar} "
            f"{verdict:<8} {self.against}"
        )


@dataclass(frozen=True)
class NotMeasured:
    """A measurement that could not be made. It counts as missed: nobody knows whether the bar is met."""

    name: str
    why: str
    met: bool = False

    def line(self) -> str:
        return f"{self.name:<34} NOT MEASURED: {self.why}"


def timed(argv: list[str], cwd: Path, env: Mapping[str, str]) -> float:
    """Seconds that a command takes. Raises CalledProcessError, with its output shown, if it fails."""
    begun = time.perf_counter()
    done = subprocess.run(argv, cwd=cwd, env=dict(env), stdin=subprocess.DEVNULL, capture_output=True, text=True)
    seconds = time.perf_counter() - begun
    if done.returncode:
        print(done.stdout[-3000:], done.stderr[-3000:], file=sys.stderr)
        done.check_returncode()
    return seconds


def median(measure: Callable[[], float], times: int) -> float:
    return statistics.median(measure() for _ in range(times))


def invoke(*words: str) -> list[str]:
    return [sys.executable, "-m", "invoke", *words]


def take_down(tree: Path, env: Mapping[str, str]) -> None:
    """Removes a benchmark's stack with its data, and the volume of backups that `down` leaves."""
    subprocess.run(invoke("down", "--volumes", "--yes"), cwd=tree, env=dict(env), capture_output=True)
    if shutil.which("docker"):
        volume = f"{env.get('PROJECT', 'slipway')}-local-backups"
        subprocess.run(["docker", "volume", "rm", "--force", volume], capture_output=True)


def environment(**settings: str) -> dict[str, str]:
    """The process environment without settings of somebody else's stack."""
    from slipway.config.envfile import KEYS

    return {key: value for key, value in os.environ.items() if key not in KEYS} | settings


def free_port() -> str:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return str(probe.getsockname()[1])


@contextmanager
def copy_of_tree() -> Iterator[Path]:
    """A copy of what git would take, so that no benchmark touches anybody's stack."""
    with tempfile.TemporaryDirectory(prefix="slipway-bench-") as folder:
        os.chmod(folder, 0o755)
        names = subprocess.run(
            ["git", "ls-files", "-zco", "--exclude-standard"], cwd=ROOT, capture_output=True, check=True
        )
        for name in filter(None, names.stdout.decode().split("\0")):
            if (ROOT / name).is_file():
                target = Path(folder) / name
                target.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(ROOT / name, target)
        yield Path(folder)
