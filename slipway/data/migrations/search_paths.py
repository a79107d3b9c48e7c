"""Functions that a constraint, an index or a generated column calls, and that find what they use by the search path alone.

Live that works. A dump is restored with an empty search path, where the function fails: the backup cannot be restored.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from slipway.data.migrations.foresight import Finding
from slipway.data.migrations.result_types import place_of
from slipway.data.sql import lexer

RULE = "function-needs-search-path"
NAME = r'(?:"?\w+"?\s*\.\s*)?"?(\w+)"?'
MADE = re.compile(rf"\s*CREATE\s+(?:OR\s+REPLACE\s+)?FUNCTION\s+{NAME}\s*\(", re.I)
CALLS = re.compile(r"\s*(?:CREATE|ALTER)\s+(?:(?:UNLOGGED|UNIQUE)\s+)?(?:TABLE|INDEX|DOMAIN)\b", re.I)
BOUND = re.compile(r"\bSET\s+search_path\b|\bBEGIN\s+ATOMIC\b", re.I)  # BEGIN ATOMIC: bound when it is made
KEPT = re.compile(r"\bCHECK\s*\(|\bGENERATED\s+ALWAYS\s+AS\s*\(|\bINDEX\b", re.I)
TABLE = re.compile(r'\b(?:FROM|JOIN|INTO|UPDATE)\s+(?!ONLY\b|LATERAL\b|SELECT\b)"?[a-z_]\w*\b"?(?!\s*[.(])', re.I)


@dataclass(frozen=True)
class Part:
    """One statement of a file, as it stands there."""

    label: str
    sql: str  # of the whole file
    start: int
    text: str


def find(files: Sequence[tuple[str, str]]) -> Iterator[Finding]:
    """A finding for each statement of these files (label, SQL) that keeps a call of such a function of theirs."""
    parts = [part for label, sql in files for part in split(label, sql)]
    made = {match[1].lower(): part.text for part in parts if (match := MADE.match(part.text))}
    loose = {name for name, text in made.items() if not BOUND.search(text) and searches(name, text, made)}
    for part in parts:
        if CALLS.match(part.text) and KEPT.search(part.text):
            for name in sorted(loose & set(called(part.text))):
                yield make_finding(part, name)


def split(label: str, sql: str) -> list[Part]:
    starts = [each.start for each in lexer.statements(sql)]
    return [Part(label, sql, start, sql[start:end]) for start, end in zip(starts, [*starts[1:], len(sql)], strict=True)]


def searches(name: str, text: str, made: dict[str, str]) -> bool:
    """Whether a body names a table, or another function of these files, without its schema."""
    body = text[text.lower().find(name) + len(name) :]
    return bool(TABLE.search(body)) or bool((set(called(body)) & made.keys()) - {name})


def called(text: str) -> list[str]:
    """Names before a parenthesis that have no schema."""
    return [each.lower() for each in re.findall(r'(?<![.\w"])"?([a-z_]\w*)"?\s*\(', text, re.I)]


def make_finding(part: Part, name: str) -> Finding:
    message = f"{name}() finds what it uses by the search path; a dump is restored with an empty one, and fails here"
    cure = f"CREATE FUNCTION {name} … SET search_path = public, or schema names in its body"
    return Finding(part.label, *place_of(part.sql, part.start), RULE, "warning", message, cure)
