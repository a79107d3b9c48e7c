"""A server before 17, filled by newer programs: the one error there that is none, and every other one.

Since 17 pg_dump and pg_restore begin with SET transaction_timeout = 0, whatever the server, and no option leaves that
out. An older server refuses it, so there --exit-on-error would end every restore at once. Without it each error is
followed by the command that it is about, and at the end pg_restore counts those of its main process.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import BinaryIO

from slipway.data.postgres import connection

UNKNOWN = "SET transaction_timeout = 0;"
COMMAND = f"Command was: {UNKNOWN}"
ERROR = "pg_restore: error: "
COUNT = re.compile(r"pg_restore: warning: errors ignored on restore: (\d+)")


@dataclass
class Errors:
    """The errors among the lines of a pg_restore with so many workers, 1 for none; `found` are those that count.

    `server` is the version of the server as a number, such as 150018.
    """

    server: int
    jobs: int = 1
    found: list[str] = field(default_factory=list)
    held: str = ""  # until the next line says of which command it is
    passed: int = 0
    counted: int = 0

    @property
    def knows(self) -> bool:
        return self.server >= connection.NEWEST_TIMEOUT

    @property
    def words(self) -> tuple[str, ...]:
        """What pg_restore is told."""
        return ("--exit-on-error",) if self.knows else ()

    @property
    def must_end(self) -> bool:
        """Whether an error has come that pg_restore was not told to end with."""
        return bool(self.found) and not self.knows

    def line(self, text: str) -> None:
        if text == COMMAND and not self.knows:
            self.held, self.passed = "", self.passed + 1
            return
        self.settle()
        said = text.removeprefix(ERROR)
        # Workers write beside each other: where one has cut in, the error itself is on the next line.
        if said != text and not said.startswith("pg_restore:"):
            self.held = said
        elif match := COUNT.match(text):
            self.counted = int(match[1])

    def heard(self, text: str, over: bool) -> Errors:
        """The same pg_restore, of which this is all that it has said so far, or at all when it is over."""
        other = Errors(self.server, self.jobs)
        for line in text.splitlines():
            other.line(line)
        if over:
            other.settle()
        return other

    def settle(self) -> None:
        """No further line belongs to the last error."""
        if self.held:
            self.found.append(self.held)
            self.held = ""

    def only_that(self) -> bool:
        """Whether a pg_restore that has ended with 1 met nothing else. It counts its main process's errors alone."""
        workers = self.jobs if self.jobs > 1 else 0
        return not self.found and 0 < self.counted == self.passed - workers


def begin(incoming: BinaryIO, out: BinaryIO, server: int) -> None:
    """Passes on the beginning of pg_dump's SQL without that setting, where the server would not know it."""
    for line in incoming if server < connection.NEWEST_TIMEOUT else ():
        if line.rstrip() != UNKNOWN.encode():
            out.write(line)
        if line.startswith(b"SET client_encoding "):  # comes after it, and before anything of the database
            return
