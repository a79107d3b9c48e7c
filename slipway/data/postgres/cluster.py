"""A Postgres server of our own: made in a directory, reached by a socket there, gone with whoever started it."""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from slipway.data.postgres import programs
from slipway.errors import SlipwayError

NOBODY = 65534  # Postgres refuses to run as root
PATIENCE = 30  # seconds
ADMIN = "slipway_throwaway"
PROGRAMS = ("postgres", "initdb", "pg_isready", "pg_ctl")
LONGEST = 90  # bytes of the directory of a socket, whose path has at most 107
# Nothing in it has to outlast a crash, so it waits for no disk.
HASTY = ("-c", "fsync=off", "-c", "full_page_writes=off")
# Reached by its socket, by one user.
ALONE = ("--listen_addresses=", "--unix_socket_permissions=0700")
FRESH = ("--auth=trust", f"--username={ADMIN}", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync")

Refusal = Callable[[str], SlipwayError]


@dataclass(frozen=True)
class Account:
    """How a program is started so that it is not root: words before it, and what Popen is told."""

    prefix: tuple[str, ...] = ()
    options: tuple[tuple[str, object], ...] = ()

    def words(self, program: Path, *more: str) -> list[str]:
        return [*self.prefix, str(program), *more]


def account() -> Account:
    """A name for root that is not root, where a user namespace may be made: it may enter what root may. Else nobody."""
    if os.geteuid() != 0:
        return Account()
    namespace = ("unshare", "--user", f"--map-user={NOBODY}", f"--map-group={NOBODY}", "--")
    if (
        shutil.which("unshare")
        and not subprocess.run([*namespace, "true"], capture_output=True, check=False).returncode
    ):
        return Account(namespace)
    return Account((), (("user", NOBODY), ("group", NOBODY), ("extra_groups", [])))


def start(whose: Account, log: Path, program: Path, *words: str) -> subprocess.Popen:
    """A server in a process group of its own, whose words go to `log`."""
    with log.open("wb") as file:
        return subprocess.Popen(
            whose.words(program, *words),
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            process_group=0,
            **dict(whose.options),
        )


@contextmanager
def running(
    folder: Path, parent: Path, prefix: str, refusal: Refusal, options: tuple[str, ...] = HASTY
) -> Iterator[str]:
    """The socket directory of a fresh server whose superuser is ADMIN; `folder` has the programs.

    Its data is in `parent`, and gone at the end; what a killed run left there is removed first. Raises what `refusal`
    makes of the programs' last words when it does not start.
    """
    whose = account()
    end_orphans(folder, parent, prefix, whose)
    with place_in(parent, prefix, whose) as place, sockets_for(place, whose) as sockets:
        data = f"-D{place / 'data'}"
        run(whose, refusal, folder / "initdb", data, *FRESH)
        child = start(whose, place / "log", folder / "postgres", data, f"-k{sockets}", *ALONE, *options)
        try:
            wait(folder, sockets, child, lambda: refusal(last_words(place / "log")))
            yield sockets
        finally:
            child.send_signal(signal.SIGQUIT)
            child.wait()


@contextmanager
def place_in(parent: Path, prefix: str, whose: Account) -> Iterator[Path]:
    """A directory that is locked while this process lives, by which the next run tells an orphan."""
    place = Path(tempfile.mkdtemp(prefix=prefix, dir=parent))
    try:
        give(place, whose)
        with (place / "lock.new").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            (place / "lock.new").rename(place / "lock")  # never seen without its lock
            yield place
    finally:
        shutil.rmtree(place, ignore_errors=True)


@contextmanager
def sockets_for(place: Path, whose: Account) -> Iterator[str]:
    """The directory itself, unless its path is too long for a socket."""
    if len(os.fsencode(place)) <= LONGEST:
        yield str(place)
        return
    with tempfile.TemporaryDirectory(prefix="slipway-socket-") as other:
        give(Path(other), whose)
        yield other


def give(place: Path, whose: Account) -> None:
    if whose.options:
        os.chown(place, NOBODY, NOBODY)


def end_orphans(folder: Path, parent: Path, prefix: str, whose: Account) -> None:
    """Stops and removes the servers of runs that were killed: nobody holds their lock any more."""
    for place in parent.glob(f"{prefix}*"):
        with suppress(OSError), (place / "lock").open("r+") as lock:  # another user's, or one that begins or ends
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            subprocess.run(
                whose.words(folder / "pg_ctl", "stop", "-D", str(place / "data"), "-m", "immediate"),
                stdin=subprocess.DEVNULL,
                capture_output=True,
                check=False,
                **dict(whose.options),
            )
            shutil.rmtree(place, ignore_errors=True)


def run(whose: Account, refusal: Refusal, program: Path, *words: str) -> None:
    done = subprocess.run(
        whose.words(program, *words), stdin=subprocess.DEVNULL, capture_output=True, check=False, **dict(whose.options)
    )
    if done.returncode:
        raise refusal(programs.last_words(done.stderr, {}))


def wait(folder: Path, sockets: str, child: subprocess.Popen, refused: Callable[[], SlipwayError]) -> None:
    """Until it answers; raises when it ends before, or takes too long."""
    deadline = time.monotonic() + PATIENCE
    while subprocess.run([str(folder / "pg_isready"), "-q", "-h", sockets], check=False).returncode:
        if child.poll() is not None or time.monotonic() > deadline:
            raise refused()
        time.sleep(0.05)


def last_words(log: Path) -> str:
    return programs.last_words(log.read_bytes(), {})
