"""A restored cluster, started on a socket that nobody else reaches: it recovers, is looked at, and is stopped again.

Its archive command is empty: what it writes is marked for the archive and never sent, so that nothing of an unproven
cluster gets there, and the server that takes it over sends the new timeline whole.
"""

from __future__ import annotations

import re
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from slipway.data.endpoints import Endpoints, Secret
from slipway.data.pitr import program
from slipway.data.postgres import programs
from slipway.errors import BackupError

SETTINGS = {
    "listen_addresses": "",
    "archive_mode": "on",
    "archive_command": "",
    # With it on, recovery asks for as many connections as the live server has; nobody looks before it has ended.
    "hot_standby": "off",
    "shared_buffers": "64MB",
    "max_connections": "20",
    "shared_preload_libraries": "",
    "max_logical_replication_workers": "0",
    "autovacuum": "off",
    "logging_collector": "off",
    "log_destination": "stderr",
    "lc_messages": "C",
}
READY = "database system is ready to accept connections"
FOUND = re.compile(r'restored log file "([0-9A-F]{24})"')
SHORT = "recovery ended before configured recovery target was reached"
LAST = re.compile(r"last completed transaction was at log time (\S+ \S+)")
PAUSE = 0.05


@contextmanager
def run_recovered(ends: Endpoints, path: Path, say: Callable[[str], None]) -> Iterator[tuple[Secret, str]]:
    """Runs a server until it has recovered: its address, and when its last transaction ended; then it is stopped well.

    Raises BackupError with the end of its log where it does not get that far.
    """
    folder = programs.folder(ends, int((path / "PG_VERSION").read_text()), "postgres")
    with tempfile.TemporaryDirectory(prefix="slipway-pitr-") as place:
        log = Path(place) / "log"
        options = [f"-c{key}={value}" for key, value in (SETTINGS | {"unix_socket_directories": place}).items()]
        with log.open("wb") as sink:
            child = subprocess.Popen(
                [str(folder / "postgres"), "-D", str(path), *options],
                stdin=subprocess.DEVNULL,
                stdout=sink,
                stderr=sink,
                process_group=0,
            )
        try:
            wait(child, log, say)
            yield Secret(f"host={place} user=postgres dbname=postgres"), last(log.read_text(errors="replace"))
        except BaseException:
            child.send_signal(signal.SIGQUIT)
            child.wait()
            raise
        child.send_signal(signal.SIGINT)
        if child.wait():
            raise BackupError(
                "the restored server",
                "it did not stop well",
                "a clean shutdown",
                program.NEXT,
                tail(log.read_text(errors="replace")),
            )


def wait(child: subprocess.Popen, log: Path, say: Callable[[str], None]) -> None:
    """Until recovery has ended, however long that takes, or the server has given up."""
    told = ""
    while READY not in (text := log.read_text(errors="replace")):
        if child.poll() is not None:
            raise refusal(text)
        if (names := FOUND.findall(text)) and names[-1] != told:
            told = names[-1]
            say(f"replayed up to {told}")
        time.sleep(PAUSE)


def refusal(text: str) -> BackupError:
    if SHORT in text:
        return BackupError(
            "--at",
            f"the archive ends before it; its last change was at {last(text) or 'no time'}",
            "a moment that the archive reaches",
            "./invoke restore --at latest takes its last one",
            tail(text),
        )
    fatal = re.findall(r"(?:FATAL|PANIC):\s*(.*)", text)
    return BackupError(
        "the restored server",
        fatal[-1] if fatal else "it did not start",
        "a cluster that recovers",
        program.NEXT,
        tail(text),
    )


def last(text: str) -> str:
    found = LAST.findall(text)
    return found[-1] if found else ""


def tail(text: str) -> tuple[str, ...]:
    return tuple(text.splitlines()[-12:])
