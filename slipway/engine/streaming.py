"""Bytes from the data side to this machine, through whatever engine there is."""

from __future__ import annotations

import json
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO

from slipway.engine import Engine
from slipway.errors import EngineError, SlipwayError, from_fields
from slipway.system import process


@contextmanager
def stream(engine: Engine, *words: str) -> Iterator[BinaryIO]:
    """What `python -m slipway.ops.streaming WORDS` writes. Raises its error at the end, after all was read."""
    argv, env = engine.module("slipway.ops.streaming", *words)
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            list(argv),
            env=None if env is None else dict(env),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=said,
            process_group=0,
        )
        try:
            with process.cancellable(lambda: child.send_signal(signal.SIGTERM)):
                yield child.stdout
                code = child.wait()
        finally:
            if child.poll() is None:
                child.kill()
            child.stdout.close()
            child.wait()
        if code:
            said.seek(0)
            raise read_error(said.read().decode(errors="replace"), code)


def read_error(text: str, code: int) -> SlipwayError:
    """The error that the other side wrote down, or its last words."""
    lines = [line for line in text.splitlines() if line.strip()]
    try:
        return from_fields(json.loads(lines[-1]))
    except (IndexError, ValueError, KeyError, TypeError):
        return EngineError(
            "ops",
            lines[-1][:300] if lines else f"exit code {code}",
            "a stream that runs to its end",
            "type the same command again",
            tuple(lines[-20:]),
        )
