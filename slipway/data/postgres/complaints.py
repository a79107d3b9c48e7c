"""What PostgreSQL's programs say of a failure, read from their output: which line is the reason, and who met it.

A program's error is followed by the server's: DETAIL, HINT, LINE, QUERY, CONTEXT. The last line is none of them that
helps, and CONTEXT and DETAIL can hold a row of the data, which is for nobody to read.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from slipway.errors import SlipwayError

ERROR = re.compile(r": error: |(^|: )(ERROR|FATAL|PANIC): ")
CALLER = re.compile(r"(?:PL/pgSQL function (?P<signature>.+?) line \d+|SQL function \"(?P<name>[^\"]+)\")")
UNKNOWN = re.compile(r"(function|relation|type|operator|table) .* does not exist")
# A statement of which the rest says how to log in elsewhere.
LOGIN = re.compile(r"(\b(?:CREATE|ALTER) (?:USER MAPPING|SERVER|SUBSCRIPTION) .*?\b(?:OPTIONS|CONNECTION)\b).*")
# Where a message shows what a row holds, and what is left of it.
ROWS = (
    (re.compile(r"(\bKey \(.*?\)=)\(.*\)", re.DOTALL), r"\1(…)"),
    (re.compile(r"(\bFailing row contains )\(.*\)", re.DOTALL), r"\1(…)"),
    (re.compile(r"(\bCOPY \S+, line \d+(?:, column [^:\n]+)?): [^\n]*"), r"\1"),
    (re.compile(r"(with parameters): [^\n]*"), r"\1: …"),
)


@dataclass(frozen=True)
class Complaint:
    """The reason, and the database function in which something was not found, where that is what happened."""

    found: str
    caller: str = ""

    def error(self, kind: type[SlipwayError], where: str, expected: str, then: str, log: Sequence[str]) -> SlipwayError:
        """The error as it is reported: `expected` and `then` are for what has no cure of its own."""
        told = tuple(hide_row(line) for line in hide_logins(log))
        if not self.caller:
            return kind(where, self.found, expected, then, told)
        name = self.caller if "(" in self.caller else f"{self.caller}(…)"
        return kind(
            where,
            f"{self.found}, in function {self.caller}",
            "functions of constraints, indexes and triggers that find what they use whatever the search path is: a dump is"
            " restored with an empty one",
            f"a migration with ALTER FUNCTION {name} SET search_path = public; then again",
            told,
        )


def read(lines: Sequence[str], env: Mapping[str, str], reason: str = "") -> Complaint:
    """The first error among the lines of a program, else its last line, without the password that it was given.

    `reason` is that error's text, or the end of it, where it is known already.
    """
    said = [line for line in lines if line.strip()] or ["it said nothing"]
    wrong = (index for index, line in enumerate(said) if (line.endswith(reason) if reason else ERROR.search(line)))
    at = next(wrong, len(said) - 1)
    found = hide_row(reason or said[at]).replace(env.get("PGPASSWORD") or "\0", "•••")[:300]
    if not UNKNOWN.search(found):
        return Complaint(found)
    rest = said[at + 1 :]
    end = next((index for index, line in enumerate(rest) if ERROR.search(line)), len(rest))
    callers = (CALLER.search(line) for line in rest[:end])
    return Complaint(found, next((match["signature"] or match["name"] for match in callers if match), ""))


def hide_row(line: str) -> str:
    """The line without the row of live data that it may show."""
    for pattern, rest in ROWS:
        line = pattern.sub(rest, line)
    return line


def hide_logins(lines: Iterable[str]) -> Iterator[str]:
    """The lines without the options of user mappings, servers and subscriptions, which hold passwords."""
    inside = False
    for line in lines:
        if inside:
            inside = not line.endswith(";")
            continue
        yield LOGIN.sub(r"\1 …", line)
        inside = bool(LOGIN.search(line)) and not line.endswith(";")
