"""pgBackRest as a process: told by argv and environment, bounded by a clock of ours, ended with us."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass

from slipway.data.endpoints import Endpoints
from slipway.data.pitr import info
from slipway.errors import BackupError, EngineError, SettingsError, SlipwayError

LOCKED = 50
QUICK = 20.0  # seconds that a question may take: on its own it gives up a dead store after minutes
GRACE = 10.0
LINES = 1000  # that are kept of what it says; a directory of the archive has fewer files
PERCENT = re.compile(r" (\d+(?:\.\d+)?)%\)")
STAMP = re.compile(r"^\d{4}-\d\d-\d\d [\d:.]+ P\d+ +")
NEXT = "./invoke pitr.status"


@dataclass(frozen=True)
class Ran:
    """How a command ended; a code of None is one that had to be ended."""

    code: int | None
    output: str

    @property
    def reason(self) -> str:
        """The first thing that it calls an error, or its last line."""
        if self.code is None:
            return "no answer in time"
        lines = [STAMP.sub("", line).strip() for line in self.output.splitlines() if line.strip()]
        wrong = [line for line in lines if line.startswith(("ERROR", "ASSERT"))]
        known = next((words for sign, words in info.HINTS if sign in self.output), "")
        text = re.sub(r"^(ERROR|ASSERT): \[\d+\]: ", "", (wrong or lines or ["it said nothing"])[0 if wrong else -1])
        return f"{text[:200]} ({known})" if known else text[:300]

    @property
    def tail(self) -> tuple[str, ...]:
        """The last lines that tell more than that a command began or ended."""
        lines = (line for line in self.output.split("\n") if not re.search(r" (INFO|DETAIL): ", line))
        return tuple(STAMP.sub("", line) for line in lines if line.isprintable() and "\ufffd" not in line)[-12:]


def run(words: list[str], deadline: float | None = None, said: Callable[[str], None] = lambda line: None) -> Ran:
    """Runs `pgbackrest WORDS` and hands over its lines. Whatever way this ends, its processes have ended too."""
    try:
        child = subprocess.Popen(
            ["pgbackrest", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            process_group=0,
        )
    except FileNotFoundError:
        raise EngineError(
            "pgbackrest", "not in this image", "the image that PITR=true asks for", "./invoke up"
        ) from None
    late, over = threading.Event(), threading.Event()
    if deadline:
        threading.Thread(target=watch, args=(child, deadline, late, over), daemon=True).start()
    lines: deque[str] = deque(maxlen=LINES)
    try:
        for line in child.stdout:
            lines.append(line)
            said(line)
        child.wait()
    finally:
        over.set()
        end(child)
    return Ran(None if late.is_set() else child.returncode, "".join(lines))


def watch(child: subprocess.Popen, deadline: float, late: threading.Event, over: threading.Event) -> None:
    """Ends a command that is not over in time; one that does not listen, the hard way."""
    if not over.wait(deadline):
        late.set()
        send(child, signal.SIGTERM)
        if not over.wait(GRACE):
            send(child, signal.SIGKILL)


def end(child: subprocess.Popen) -> None:
    if child.poll() is None:
        send(child, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(GRACE)
    send(child, signal.SIGKILL)
    child.wait()


def send(child: subprocess.Popen, number: int) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, number)


def report(ends: Endpoints, deadline: float = QUICK) -> info.Report:
    """What the repositories hold. One that does not answer is said in it; raises BackupError for no answer at all."""
    quiet = ["--log-level-console=off", "--log-level-stderr=off", "--io-timeout=3"]
    ran = run(["info", "--output=json", *quiet], deadline)
    if ran.code is None:
        raise BackupError(
            "the archive", f"no answer in {deadline:.0f} s", "a repository that answers", "./invoke logs -s objects"
        )
    if ran.code:
        raise command_error("the archive", ran, BackupError)
    return info.parse(ran.output, ends.archive.stanza)


def require_report(ends: Endpoints) -> info.Report:
    """What the repositories hold, of which at least one can be used. Raises BackupError where none can."""
    found = report(ends)
    wrong = [each for each in found.repositories if each.code not in (info.OK, info.NO_BACKUP)]
    if wrong and len(wrong) == len(found.repositories):
        raise BackupError(
            "the archive", f"repository {wrong[0].key}: {wrong[0].message}", "a repository that answers", NEXT
        )
    return found


def command_error(
    where: str, ran: Ran, kind: type[SlipwayError], expected: str = "a command that succeeds"
) -> SlipwayError:
    return kind(where, ran.reason, expected, NEXT, ran.tail)


def processes() -> str:
    """Half of the processors compress and send; the other half is the server's."""
    return f"--process-max={max(1, (os.cpu_count() or 2) // 2)}"


def need(ends: Endpoints) -> None:
    if not ends.archive.stanza:
        raise SettingsError("PITR", "false", "true, so that there is an archive", "set PITR=true in .env; ./invoke up")
