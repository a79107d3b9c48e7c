"""A pg_dump or pg_restore that copies a database, or both with a pipe between: what it says, and how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from slipway.data.postgres import complaints, older
from slipway.errors import MigrationError

INTERVAL = 0.3


@dataclass(frozen=True)
class Child:
    """A program at work, and where its complaints go."""

    program: str
    process: subprocess.Popen
    said: IO[bytes]
    env: dict[str, str]
    errors: older.Errors | None = None  # of a pg_restore

    def complaint(self) -> complaints.Complaint:
        heard = self.heard()
        return complaints.read(self.text().splitlines(), self.env, heard.found[0] if heard and heard.found else "")

    def text(self) -> str:
        """What it has said so far; it goes on to write at the file's own position."""
        return os.pread(self.said.fileno(), os.fstat(self.said.fileno()).st_size, 0).decode(errors="replace")

    def heard(self) -> older.Errors | None:
        return self.errors and self.errors.heard(self.text(), self.process.poll() is not None)

    def deserted(self) -> bool:
        """Whether it ended because the program that it wrote to had ended."""
        return self.process.returncode == -signal.SIGPIPE or "roken pipe" in self.complaint().found

    def look(self) -> None:
        """Ends a pg_restore that has met an error and would go on."""
        if (heard := self.heard()) and heard.must_end:
            self.process.terminate()

    def well(self) -> bool:
        """Whether it has ended well."""
        code, heard = self.process.returncode, self.heard()
        return code == 0 or bool(code == 1 and heard and heard.only_that())


@contextmanager
def running(
    argv: list[str], env: dict[str, str], errors: older.Errors | None = None, **streams: object
) -> Iterator[Child]:
    """A child that does not outlive the block. Its complaints go to a file: a full pipe would stop it."""
    with tempfile.TemporaryFile() as said:
        child = subprocess.Popen(
            argv,
            env=env,
            stderr=said,
            process_group=0,
            **({"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL} | streams),
        )
        try:
            yield Child(Path(argv[0]).name, child, said, env, errors)
        finally:
            if child.poll() is None:
                child.terminate()
            child.wait()


def wait(children: tuple[Child, ...], tell: Callable[[], None]) -> None:
    """Waits for all of them. Raises MigrationError with the last words of whichever failed for a reason of its own."""
    for child in reversed(children):
        while child.process.poll() is None:
            tell()
            child.look()
            with suppress(subprocess.TimeoutExpired):
                child.process.wait(INTERVAL)
    failed = [child for child in children if not child.well()]
    if failed:
        culprit = next((child for child in failed if not child.deserted()), failed[-1])
        raise culprit.complaint().error(
            MigrationError,
            f"{culprit.program} for the copy",
            "a role that may read every table, and extensions that can be made again",
            "./invoke logs -s postgres",
            (),
        )
