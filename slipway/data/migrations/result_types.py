"""Migrations marked as compatible that change what `SELECT *` gives: to a prepared statement that is another result.

The server refuses such a statement with "cached plan must not change result type" until its session prepares it anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from slipway.data.migrations import statement_locks
from slipway.data.migrations.foresight import Finding
from slipway.data.sql import lexer

RULE = "compatible-changes-result"
MESSAGE = (
    "a release that reads the table with SELECT * in prepared statements answers errors from this commit on until it is "
    "replaced (cached plan must not change result type), though the file says that it is compatible"
)
HELP = "name the columns in that release's queries, or have its driver prepare none; a deploy counts what it answers with 5xx"
COLUMNS = re.compile(
    r"ADD (?:COLUMN )?(?!(?:COLUMN|CONSTRAINT|PRIMARY|UNIQUE|CHECK|FOREIGN|EXCLUDE|NOT)\b)"
    r"|DROP (?:COLUMN )?(?!(?:COLUMN|CONSTRAINT)\b)"
    r"|ALTER (?:COLUMN )?\S+ (?:SET DATA )?TYPE\b"
    r"|RENAME (?:COLUMN )?(?!(?:COLUMN|CONSTRAINT|TO)\b)",
    re.I,
)


def find(label: str, sql: str) -> Iterator[Finding]:
    """A finding for each statement of a marked file that adds, drops, renames or retypes a column of an older table."""
    if "compatible" not in lexer.directives(sql):
        return
    made: set[str] = set()
    for statement, text in zip(lexer.statements(sql), statement_locks.statements(sql), strict=True):
        if match := statement_locks.MADE.match(text):
            made.add(statement_locks.plain_name(match["table"]))
        altered = statement_locks.ALTERED.match(text)
        if altered and statement_locks.plain_name(altered["table"]) not in made:
            if any(COLUMNS.match(action) for action in statement_locks.actions(altered["actions"])):
                yield make_finding(label, sql, statement.start)


def make_finding(label: str, sql: str, offset: int) -> Finding:
    return Finding(label, *place_of(sql, offset), RULE, "advice", MESSAGE, HELP)


def place_of(sql: str, offset: int) -> tuple[int, int]:
    """Line and column of a character, each from 1."""
    before = sql[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1) + 1
