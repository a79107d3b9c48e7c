"""Processes that outlived their supervisor: found by their pid files, proved to be ours, ended."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path


def orphan(home: Path, name: str, supervised: int):
    """The process of a service that no supervisor watches any more, or None.

    A process is ours if its id is in our pid file and it works in the service's own directory: an id that was given
    to a stranger since then does not.
    """
    import psutil

    spec = home / name / "spec.json"
    try:
        pid = int((home / name / "pid").read_text())
        process = psutil.Process(pid)
        if pid == supervised or not spec.exists() or process.status() == psutil.STATUS_ZOMBIE:
            return None
        return process if belongs(process, home, name) else None
    except (FileNotFoundError, ValueError, psutil.NoSuchProcess):
        return None


def belongs(process, home: Path, name: str) -> bool:
    import json

    import psutil

    spec = json.loads((home / name / "spec.json").read_text())
    try:
        inside = Path(process.cwd())
    except psutil.AccessDenied:
        return False
    # The system tells where a process is without links and `..`, which APP_CONTEXT=../my-app has.
    return inside == Path(spec["cwd"]).resolve() or (home / name).resolve() in (inside, *inside.parents)


def end(process, seconds: float) -> None:
    """Asks a process and those it started to end, waits, then kills what is left."""
    import signal

    import psutil

    with suppress(psutil.NoSuchProcess):
        family = [process, *process.children(recursive=True)]
        process.send_signal(signal.SIGINT)
        for one in (left := outlast(family, seconds)):
            with suppress(psutil.NoSuchProcess):
                one.kill()
        outlast(left, 10)


def outlast(family: Sequence, seconds: float) -> list:
    """Waits until processes are gone; those that still run when the time is over.

    One that has ended and that init has not collected yet is gone: it holds no file and no port.
    """
    deadline = time.monotonic() + seconds
    while (left := [process for process in family if alive(process)]) and time.monotonic() < deadline:
        time.sleep(0.02)
    return left


def alive(process) -> bool:
    import psutil

    try:
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def clear_lock(data: Path) -> None:
    """Removes postmaster.pid where its process id was given to a stranger since, as happens after a reboot.

    Postgres refuses to start while that id is alive at all. It stays if any process works in the data directory: a
    server, or a child of one that was killed.
    """
    import psutil

    lock = data / "postmaster.pid"
    try:
        pid = int(lock.read_text().split("\n")[0])
    except (FileNotFoundError, ValueError):
        return
    if psutil.pid_exists(pid) and not any(works_in(process, data) for process in psutil.process_iter()):
        lock.unlink()


def works_in(process, directory: Path) -> bool:
    import psutil

    try:
        return Path(process.cwd()) == directory.resolve()
    except psutil.Error:
        return False
