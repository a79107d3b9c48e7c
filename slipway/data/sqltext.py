"""Just enough of SQL's surface to find where statements begin and which of them would end a transaction.

The lexical rules are those of the PostgreSQL manual, "Lexical Structure": quotes, E'' escapes, dollar quotes, nested
comments; and the BEGIN ATOMIC bodies of CREATE FUNCTION, whose semicolons end no statement.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

TOKEN = re.compile(r"""
      (?P<line>--[^\n]*)
    | (?P<block>/\*)
    | (?P<escaped>\b[eE]'(?:[^'\\]|\\.|'')*'?)
    | (?P<text>'(?:[^']|'')*'?)
    | (?P<name>"(?:[^"]|"")*"?)
    | (?P<dollar>(?<![\w$])\$(?P<tag>(?:[^\W\d]\w*)?)\$)
    | (?P<word>[^\W\d][\w$]*)
    | (?P<end>;)
    | (?P<other>[^\s\w;'"$/-]+|\d[\w.]*|\S)
""", re.VERBOSE | re.DOTALL)
ENDS_TRANSACTION = {("COMMIT",), ("END",), ("ABORT",), ("ROLLBACK",), ("PREPARE", "TRANSACTION")}
ROUTINES = {"FUNCTION", "PROCEDURE"}


@dataclass(frozen=True)
class Statement:
    """One statement: where its first word begins (characters from 0) and its words in capitals, outside quotes."""
    start: int
    words: tuple[str, ...]

    def ends_transaction(self) -> bool:
        """COMMIT, ROLLBACK and their kin; going back to a savepoint stays inside."""
        if self.words[:1] == ("ROLLBACK",):
            return "TO" not in self.words[1:3]
        return self.words[:1] in ENDS_TRANSACTION or self.words[:2] in ENDS_TRANSACTION

    def reads_client(self) -> bool:
        """COPY … FROM STDIN, whose data only a client like psql can send."""
        return self.words[:1] == ("COPY",) and ("FROM", "STDIN") in pairwise(self.words)


def statements(sql: str) -> tuple[Statement, ...]:
    """The statements of a text in order; empty ones are left out, as the server leaves them out."""
    found: list[Statement] = []
    start, words = -1, []
    for kind, position, text in tokens(sql):
        if kind == "end" and not inside_atomic(words):
            if start >= 0:
                found.append(Statement(start, tuple(words)))
            start, words = -1, []
            continue
        start = position if start < 0 else start
        words.append(text.upper() if kind in ("word", "end") else "")
    return (*found, Statement(start, tuple(words))) if start >= 0 else tuple(found)


def tokens(sql: str) -> Iterator[tuple[str, int, str]]:
    """Kind, position and text of everything but blanks and comments."""
    position = 0
    while match := TOKEN.search(sql, position):
        kind, position = match.lastgroup or "other", match.end()
        if kind == "block":
            position = end_of_comment(sql, match.end())
        elif kind == "dollar":
            close = sql.find(match["dollar"], match.end())
            position = len(sql) if close < 0 else close + len(match["dollar"])
            yield "text", match.start(), ""
        elif kind != "line":
            yield kind, match.start(), match.group()


def end_of_comment(sql: str, position: int) -> int:
    """Where a block comment ends; they nest."""
    depth = 1
    for match in re.compile(r"/\*|\*/").finditer(sql, position):
        depth += 1 if match.group() == "/*" else -1
        if depth == 0:
            return match.end()
    return len(sql)


def inside_atomic(words: list[str]) -> bool:
    """Whether a routine's BEGIN ATOMIC body is still open after these words."""
    if words[:1] != ["CREATE"] or not ROUTINES & set(words[1:4]):
        return False
    if ("BEGIN", "ATOMIC") not in pairwise(words):
        return False
    body = words[words.index("ATOMIC") + 1:]
    return body.count("END") <= body.count("CASE")


def place(sql: str, offset: int) -> str:
    """Line and column, both from 1, of a character offset from 0: "12:8"."""
    before = sql[:offset]
    return f"{before.count(chr(10)) + 1}:{offset - (before.rfind(chr(10)) + 1) + 1}"
