"""A machine of a test's own: an engine in namespaces of its own, which can be killed, cut from its power, and filled up.

Its disk is a bounded file system in memory that outlasts the power; all else, network and /run included, ends with it.
The engine of this machine lends it images and hears of nothing else. Its parts end with the pipe that the test holds
open, however the test ends.
"""

from __future__ import annotations

import ctypes
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import pytest

from slipway.config.settings import Settings
from slipway.stack import built, images
from tests.support.clone import Begun, Clone
from tests.support.containers import ROOT, build_missing, docker
from tests.support.waiting import until

PREFIX = os.environ.get("ENGINE_PREFIX", "/opt/slipway-engine")
PROGRAMS = f"{PREFIX}/usr/bin:{PREFIX}/usr/sbin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
ROOM = "3g"  # of the disk; memory is taken only for what is on it
DISK = 'mount -t tmpfs -o mode=0711,size="$1" disk "$2" && echo ready && exec cat'
POWER = "mount -t tmpfs run /run && ip link set lo up && echo ready && exec docker-init -- cat"
NAMESPACES = ("--pid", "--fork", "--kill-child", "--mount", "--mount-proc", "--net")
CLONE_NEWNET = 0x40000000
Answer = TypeVar("Answer")


def impossible() -> str:
    """Why this machine can have no second engine, or an empty text."""
    if os.geteuid():
        return "only root can have an engine in namespaces of its own"
    if not shutil.which("dockerd", path=PROGRAMS):
        return f"there is no dockerd on {PROGRAMS}"
    tried = subprocess.run(
        ["unshare", *NAMESPACES, "true"], text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    return f"namespaces are not permitted: {tried.stdout.strip()}" if tried.returncode else ""


class Machine:
    """Disk, power and engine, each a process that lives for as long as the thing does."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.name = folder, folder.name
        self.environ = os.environ | {"PATH": PROGRAMS}
        self.address, self.data, self.log = f"unix://{folder}/engine.sock", folder / "disk", folder / "dockerd.log"
        self.data.mkdir()
        (folder / "daemon.json").write_text("{}")  # that of this machine says nothing here
        self.disk = self.part("unshare", "--mount", "sh", "-c", DISK, "disk", ROOM, str(self.data))

    def part(self, *argv: str) -> subprocess.Popen:
        """A process that is ready, and ends with the pipe that is its input."""
        with self.log.open("ab") as log:
            process = subprocess.Popen(
                argv,
                env=self.environ,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                start_new_session=True,
            )
        assert process.stdout.readline() == b"ready\n", self.log.read_text()
        return process

    # -- power ---------------------------------------------------------------------------------------------------

    def boot(self) -> None:
        """Power on, and the engine started as a machine does that starts."""
        self.power = self.part(
            "nsenter", f"--mount=/proc/{self.disk.pid}/ns/mnt", "unshare", *NAMESPACES, "sh", "-c", POWER
        )
        self.start_engine()

    def cut_power(self) -> None:
        """Ends every process at once; what was on the disk is all that is left."""
        os.kill(child(self.power), signal.SIGKILL)
        for process in (self.power, self.engine):
            process.wait()
            process.stdin.close()
        self.power.stdout.close()
        until(lambda: all(map(removed, cgroups(self.name))), "its control groups are gone")

    # -- engine --------------------------------------------------------------------------------------------------

    def start_engine(self) -> None:
        argv = (
            "dockerd",
            "--config-file",
            str(self.folder / "daemon.json"),
            "--host",
            self.address,
            "--data-root",
            str(self.data),
            "--exec-root",
            "/run/docker",
            "--pidfile",
            "/run/docker.pid",
            "--exec-opt",
            "native.cgroupdriver=cgroupfs",
            "--cgroup-parent",
            f"/{self.name}",
        )
        with self.log.open("ab") as log:
            self.engine = subprocess.Popen(
                ["nsenter", "--target", str(child(self.power)), "--pid", "--mount", "--net", *argv],
                env=self.environ,
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        until(lambda: self.answers() or self.engine.poll() is not None, "the engine answers")
        assert self.engine.poll() is None, self.log.read_text()[-4000:]

    def answers(self) -> bool:
        return docker("--host", self.address, "version").returncode == 0

    def kill_engine(self) -> None:
        """Ends dockerd, and with it its containerd; containers and all else go on."""
        os.kill(child(self.engine), signal.SIGKILL)
        self.engine.wait()
        self.engine.stdin.close()

    # -- what is on it -------------------------------------------------------------------------------------------

    def lend(self, tags: Iterable[str]) -> None:
        """Copies images from the engine of this machine."""
        with subprocess.Popen(["docker", "save", *tags], env=self.environ, stdout=subprocess.PIPE) as saving:
            subprocess.run(["docker", "--host", self.address, "load", "--quiet"], stdin=saving.stdout, check=True)
        assert saving.returncode == 0

    @property
    def content(self) -> Path:
        """Its disk as this process can reach it."""
        return Path(f"/proc/{self.disk.pid}/root{self.data}")

    def free(self) -> int:
        """Bytes that are free on its disk."""
        return shutil.disk_usage(self.content).free

    @contextmanager
    def full(self, but: int) -> Iterator[None]:
        """No more than `but` bytes are free on its disk when the block begins."""
        filler = self.content / "filler"
        try:
            # Somebody else may be quicker to take a piece of it.
            until(lambda: filled(filler, self.free() - but), "its disk is full")
            yield
        finally:
            filler.unlink()

    # -- its network ---------------------------------------------------------------------------------------------

    @property
    def network(self) -> str:
        return f"/proc/{child(self.power)}/ns/net"

    @property
    def within(self) -> tuple[str, ...]:
        """What makes a command one of this machine: before its words."""
        return "nsenter", f"--net={self.network}"

    def ask(self, question: Callable[[], Answer]) -> Answer:
        """What `question` returns in its network. Only the thread that asks is there."""
        with ThreadPoolExecutor(1, initializer=enter, initargs=(self.network,)) as pool:
            return pool.submit(question).result()

    def close(self) -> None:
        self.cut_power()
        self.disk.communicate()


def child(process: subprocess.Popen) -> int:
    return int(Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text())


def filled(path: Path, size: int) -> bool:
    """Whether a file of that size could be made, with nothing in it."""
    try:
        with path.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, size)
    except OSError:
        return False
    return True


def enter(network: str) -> None:
    with open(network) as file:
        if ctypes.CDLL(None, use_errno=True).setns(file.fileno(), CLONE_NEWNET):
            raise OSError(ctypes.get_errno(), "setns", network)


def cgroups(name: str) -> list[Path]:
    """The control groups of a name, in the one hierarchy or in each of the many."""
    return [path for path in (Path("/sys/fs/cgroup", name), *Path("/sys/fs/cgroup").glob(f"*/{name}")) if path.is_dir()]


def removed(group: Path) -> bool:
    """Whether a control group and those below it could be removed: the kernel may need a moment after the last process."""
    try:
        for path, _, _ in os.walk(group, topdown=False):
            os.rmdir(path)
    except OSError:
        return False
    return True


def needed() -> Iterable[str]:
    """Tags of what a clone's stack stands on, all on the engine of this machine."""
    known = images.catalogue(ROOT, Settings(images="debian"))
    return build_missing(known | {"ops": built.local_ops(ROOT, known["postgres"].tag)}).values()


@contextmanager
def machine() -> Iterator[Machine]:
    """A machine that runs, with images. While it does, the docker command of this process speaks to its engine."""
    tags = needed()
    # Not where TMPDIR is: the path of a socket has some hundred characters at most.
    with (
        tempfile.TemporaryDirectory(prefix="slipway-engine-", dir="/tmp") as folder,
        pytest.MonkeyPatch.context() as patch,
    ):
        made = Machine(Path(folder))
        patch.setenv("DOCKER_HOST", made.address)
        try:
            made.boot()
            made.lend(tags)
            yield made
        finally:
            made.close()


@dataclass
class Guest(Clone):
    """A clone on such a machine: its commands and requests are made there, and it goes with it."""

    machine: Machine = field(kw_only=True)

    def begin(self, *words: str, prefix: tuple[str, ...] = (), **env: str) -> Begun:
        return super().begin(*words, prefix=(*self.machine.within, *prefix), **env)

    def get(self, path: str) -> str:
        return self.machine.ask(lambda: Clone.get(self, path))

    def remove(self) -> None:
        pass
