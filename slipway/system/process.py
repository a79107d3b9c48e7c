"""Child processes: argv lists in their own process group, streamed, and ended with the tool that started them."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import NoReturn

from slipway.errors import EngineError

_running: set[subprocess.Popen] = set()
_cancels: list[Callable[[], None]] = []
_lock = threading.Lock()
TAIL = 20
GRACE = 5.0


class Failed(EngineError):
    """A command that ended with a non-zero code; `output` holds its last lines."""

    def __init__(self, argv: Sequence[str], code: int, output: tuple[str, ...]):
        super().__init__(
            f"{argv[0]} {argv[1] if len(argv) > 1 else ''}".strip(),
            f"exit code {code}",
            "a command that succeeds",
            log=output,
        )
        self.argv, self.returncode, self.output = tuple(argv), code, output


def stream(
    argv: Sequence[str],
    on_line: Callable[[str], None],
    *,
    env: Mapping[str, str] | None = None,
    cwd: str | os.PathLike | None = None,
    stdin: str = "",
) -> None:
    """Runs a command and hands over each line of its output as it comes. Raises Failed with the last 20 lines."""
    tail: deque[str] = deque(maxlen=TAIL)
    child = start(argv, env, cwd, subprocess.PIPE if stdin else subprocess.DEVNULL)
    try:
        if stdin:
            feed(child, stdin)
        for line in child.stdout:
            tail.append(line.rstrip("\n"))
            on_line(tail[-1])
        code = child.wait()
    finally:
        end(child)
    if code:
        raise Failed(argv, code, tuple(tail))


def feed(child: subprocess.Popen, text: str) -> None:
    """A program may end without reading all of its input; whether that is a failure, its exit code says."""
    with suppress(BrokenPipeError):
        child.stdin.write(text)
        child.stdin.close()


def output(
    argv: Sequence[str], *, env: Mapping[str, str] | None = None, cwd: str | os.PathLike | None = None, stdin: str = ""
) -> str:
    """What a command prints. Raises Failed if it does not succeed."""
    lines: list[str] = []
    stream(argv, lines.append, env=env, cwd=cwd, stdin=stdin)
    return "\n".join(lines)


def become(argv: Sequence[str], env: Mapping[str, str] | None) -> NoReturn:
    """Turns this process into an interactive command, so that Ctrl-C in psql is psql's own. Raises EngineError."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    try:
        os.execvpe(argv[0], list(argv), dict(os.environ if env is None else env))
    except FileNotFoundError:
        raise EngineError(argv[0], "not found on PATH", f"the program {argv[0]}", "./invoke doctor") from None


def start(argv: Sequence[str], env: Mapping[str, str] | None, cwd: str | os.PathLike | None, stdin) -> subprocess.Popen:
    try:
        child = subprocess.Popen(
            list(argv),
            env=None if env is None else dict(env),
            cwd=cwd,
            stdin=stdin,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            errors="replace",
            process_group=0,
        )
    except FileNotFoundError as error:
        if error.filename == cwd:
            raise EngineError(
                str(cwd), "no such directory", f"a directory to run {argv[0]} in", "./invoke doctor"
            ) from None
        raise EngineError(argv[0], "not found on PATH", f"the program {argv[0]}", "./invoke doctor") from None
    except PermissionError:
        raise EngineError(
            argv[0], "permission denied", "a program that may be run", f"ls -l $(command -v {argv[0]})"
        ) from None
    with _lock:
        _running.add(child)
    return child


def end(child: subprocess.Popen) -> None:
    """Makes sure that a child and its group are gone: asks, waits, then kills."""
    if child.poll() is None:
        _signal(child, signal.SIGTERM)
        with suppress(subprocess.TimeoutExpired):
            child.wait(timeout=GRACE)
        # Whatever of the group did not listen, the child itself or one that it started.
        _signal(child, signal.SIGKILL)
        child.wait()
    for pipe in (child.stdin, child.stdout):
        if pipe and not pipe.closed:
            pipe.close()
    with _lock:
        _running.discard(child)


def end_all() -> None:
    """Asks every child that still runs to end, as a Ctrl-C at a terminal would, and whatever runs elsewhere for us."""
    with _lock:
        children, elsewhere = list(_running), list(_cancels)
    for child in children:
        _signal(child, signal.SIGINT)
    for cancel in elsewhere:
        cancel()


def kill_all() -> None:
    """Ends at once what did not end when it was asked: nothing may outlive the tool that started it."""
    with _lock:
        children = list(_running)
    for child in children:
        _signal(child, signal.SIGKILL)


@contextmanager
def cancellable(cancel: Callable[[], None]) -> Iterator[None]:
    """While the block runs, `end_all` calls `cancel` too: for work that is not a child of this process."""
    with _lock:
        _cancels.append(cancel)
    try:
        yield
    finally:
        with _lock:
            _cancels.remove(cancel)


def _signal(child: subprocess.Popen, number: int) -> None:
    try:
        os.killpg(child.pid, number)
    except ProcessLookupError:
        return
