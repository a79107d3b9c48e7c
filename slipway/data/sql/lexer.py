"""Just enough of SQL's surface to find where statements begin and what kind of statement they are.

The lexical rules are those of the PostgreSQL manual, "Lexical Structure": quotes, E'' escapes, dollar quotes, nested
comments; and the bodies whose semicolons end no statement: BEGIN ATOMIC of routines, the parentheses of rules. `scan`
finds the borders of statements by the same rules, in bytes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

COMMENT = r"--[^\r\n]*+"
TEXT = r"'(?:[^']++|'')*+'"
ESCAPED = r"[eE]'(?:[^'\\]++|\\.|'')*+'"
NAME = r'"(?:[^"]++|"")*+"'
NUMBER = r"[0-9][\w.]*+"
# Every character beyond ASCII may stand in a word (scan.l of the server). LAST: the last one, or the last byte of one.
WORD = r"[A-Za-z_\x80-LAST][\w$\x80-LAST]*+"
DOLLAR = r"\$(?:[A-Za-z_\x80-LAST][\w\x80-LAST]*+)?+\$"
LAST = r"\U0010ffff"
TOKEN = re.compile(
    rf"""
      (?P<line>{COMMENT})
    | (?P<block>/\*)
    | (?P<escaped>{ESCAPED}?)
    | (?P<text>{TEXT}?)
    | (?P<name>{NAME}?)
    | (?P<dollar>{DOLLAR})
    | (?P<word>{WORD})
    | (?P<end>;)
    | (?P<paren>[()])
    | (?P<other>{NUMBER}|[^\s\w;()'"$/\x80-LAST-]+|\S)
""".replace("LAST", LAST),
    re.VERBOSE | re.DOTALL | re.ASCII,
)
COMMENT_EDGE = re.compile(r"/\*|\*/")
ENDS_TRANSACTION = {("COMMIT",), ("END",), ("ABORT",), ("ROLLBACK",), ("PREPARE", "TRANSACTION")}
BEGINS_PLAINLY = {("BEGIN",), ("BEGIN", "WORK"), ("BEGIN", "TRANSACTION"), ("START", "TRANSACTION")}
ENDS_PLAINLY = {(verb, *more) for verb in ("COMMIT", "END") for more in ((), ("WORK",), ("TRANSACTION",))}
ROUTINES = {"FUNCTION", "PROCEDURE"}
ALONE = {
    ("VACUUM",),
    ("DISCARD", "ALL"),
    ("ALTER", "SYSTEM"),
    ("REINDEX", "DATABASE"),
    ("REINDEX", "SYSTEM"),
    ("REINDEX", "SCHEMA"),
    *((verb, what) for verb in ("CREATE", "DROP") for what in ("DATABASE", "TABLESPACE", "SUBSCRIPTION")),
}
ALONE_LOOK = ("CONCURRENTLY", "VACUUM", "DISCARD", "SYSTEM", "DATABASE", "SCHEMA", "TABLESPACE", "SUBSCRIPTION")
DIRECTIVES = ("no-transaction", "compatible", "repeatable")
DIRECTIVE = re.compile(r"--[ \t]*slipway:[ \t]*(?P<names>.*)", re.I)


@dataclass(frozen=True)
class Statement:
    """One statement: where its first word begins (characters from 0) and its words in capitals, outside quotes."""

    start: int
    words: tuple[str, ...]

    def ends_transaction(self) -> bool:
        return ends_transaction(self.words)

    def reads_client(self) -> bool:
        return reads_client(self.words)


def ends_transaction(words: Sequence[str]) -> bool:
    """COMMIT, ROLLBACK and their kin; going back to a savepoint stays inside."""
    if tuple(words[:1]) == ("ROLLBACK",):
        return "TO" not in words[1:3]
    return tuple(words[:1]) in ENDS_TRANSACTION or tuple(words[:2]) in ENDS_TRANSACTION


def reads_client(words: Sequence[str]) -> bool:
    """COPY … FROM STDIN, whose data only a client like psql can send."""
    return tuple(words[:1]) == ("COPY",) and ("FROM", "STDIN") in pairwise(words)


def refuses_transaction(words: Sequence[str]) -> bool:
    """Whether a statement cannot be run in a transaction with others (PostgreSQL manual, the statements' notes)."""
    if tuple(words[:1]) == ("REFRESH",):
        return False
    return tuple(words[:1]) in ALONE or tuple(words[:2]) in ALONE or "CONCURRENTLY" in words


def refuses_alone(sql: str) -> bool:
    """Whether all of a text is one statement that cannot be run in a transaction."""
    capitals = sql.upper()
    # Ten thousand files are asked, and hardly one has any of these words.
    found = statements(sql) if any(word in capitals for word in ALONE_LOOK) else ()
    return len(found) == 1 and refuses_transaction(found[0].words)


def commits_itself(words: Sequence[str]) -> bool:
    """Whether a statement may hold COMMITs of its own, and so is better not put into a transaction of ours."""
    return tuple(words[:1]) in (("CALL",), ("DO",))


def sets_session(words: Sequence[str]) -> bool:
    """Whether a statement changes settings that later statements count on."""
    return (
        tuple(words[:1]) in (("SET",), ("RESET",)) and tuple(words[:2]) != ("SET", "LOCAL")
    ) or "SET_CONFIG" in words


def statements(sql: str) -> tuple[Statement, ...]:
    """The statements of a text in order; empty ones are left out, as the server leaves them out."""
    found: list[Statement] = []
    start, words = -1, []
    for kind, position, text in tokens(sql):
        if kind == "end" and not inside_body(words):
            if start >= 0:
                found.append(Statement(start, tuple(words)))
            start, words = -1, []
            continue
        start = position if start < 0 else start
        words.append(token_word(kind, text))
    return (*found, Statement(start, tuple(words))) if start >= 0 else tuple(found)


def words_of(sql: str) -> tuple[str, ...]:
    """The words of one statement in capitals; what is quoted or no word is empty text."""
    return tuple(token_word(kind, text) for kind, _, text in tokens(sql))


def token_word(kind: str, text: str) -> str:
    return text.upper() if kind in ("word", "end", "paren") else ""


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
    for match in COMMENT_EDGE.finditer(sql, position):
        depth += 1 if match.group() == "/*" else -1
        if depth == 0:
            return match.end()
    return len(sql)


def inside_body(words: Sequence[str]) -> bool:
    """Whether a semicolon after these words belongs to a body: of a BEGIN ATOMIC routine, or of a rule's list."""
    if tuple(words[:1]) != ("CREATE",):
        return False
    if "RULE" in words[1:4]:
        return words.count("(") > words.count(")")
    if not ROUTINES & set(words[1:4]) or ("BEGIN", "ATOMIC") not in pairwise(words):
        return False
    # A statement of the body cannot begin with END, but END may be a column there, or close a CASE.
    return not any(word == "END" and before in ("ATOMIC", ";") for before, word in pairwise(words))


def directives(sql: str) -> frozenset[str]:
    """What the comments before the first statement tell the runner: the names after `-- slipway:`, in small letters."""
    found: set[str] = set()
    for line in re.split("[\r\n]", sql):
        if match := DIRECTIVE.match(line.strip()):
            found |= {name for name in re.split(r"[,\s]+", match["names"].lower()) if name}
        elif line.strip() and not line.lstrip().startswith("--"):
            break
    return frozenset(found)


def place(sql: str, offset: int) -> str:
    """Line and column, both from 1, of a character offset from 0: "12:8"."""
    before = sql[:offset]
    return f"{before.count(chr(10)) + 1}:{offset - (before.rfind(chr(10)) + 1) + 1}"
