"""Which entries of the dump are restored, by the numbers that the project's catalog has for them. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from slipway.supabase import platform
from slipway.supabase.copying.leave import Left

LINE = re.compile(r"(?m)^(\d+); (\d+) (\d+) (.*)$")
# Made otherwise: extensions before everything, grants by the roles that the target has. User mappings hold passwords.
OTHERWISE = (
    "USER MAPPING ",
    "EXTENSION ",
    "COMMENT - EXTENSION ",
    "ACL ",
    "DEFAULT ACL ",
    "SECURITY LABEL ",
    "EVENT TRIGGER ",
    "COMMENT - EVENT TRIGGER ",
)
SCHEMA = f"SCHEMA - {platform.EXTENSIONS} "
KINDS = "TRIGGER|POLICY|FUNCTION|PROCEDURE|VIEW|FOREIGN TABLE|SERVER|PUBLICATION|EVENT TRIGGER"
COMMENT = re.compile(rf"COMMENT \S+ ({KINDS}) ")


def chosen(listing: str, left: Left) -> list[int]:
    """Numbers of the entries to restore, of what `pg_restore --list` prints."""
    entries = {int(number): (int(table), int(id), text) for number, table, id, text in LINE.findall(listing)}
    dropped = {number: text for number, (table, id, text) in entries.items() if (table, id) in left.objects}
    comments = set(comments_of(dropped, {number: text for number, (_, _, text) in entries.items()}))
    return [
        number
        for number, (_, _, text) in entries.items()
        if number not in dropped and number not in comments and not text.startswith((*OTHERWISE, SCHEMA))
    ]


def securing(listing: str) -> set[int]:
    """Numbers of the entries that switch row level security on: last of all, since keys cannot be made where it is forced."""
    return {int(number) for number, _, _, text in LINE.findall(listing) if text.startswith("ROW SECURITY ")}


def comments_of(dropped: Mapping[int, str], entries: Mapping[int, str]) -> Iterator[int]:
    """Comments have no number of the catalog's: those on what is dropped, by the words that pg_dump has for both."""
    subjects = {normal(text) for text in dropped.values()}
    for number, text in entries.items():
        if COMMENT.match(text) and subject(text) in subjects:
            yield number


def normal(text: str) -> tuple[str, ...]:
    """An entry as its words without quotes: "TRIGGER public tasks tasks webhook postgres" has its table before its name."""
    kind = next((each for each in KINDS.split("|") if text.startswith(f"{each} ")), "")
    words = text.removeprefix(f"{kind} ").replace('"', "").split()
    return (kind, *sorted(words))


def subject(text: str) -> tuple[str, ...]:
    """What a comment is on, in the same words: "COMMENT public TRIGGER "tasks webhook" ON tasks postgres"."""
    match = COMMENT.match(text)
    schema = text.split()[1]
    words = text[match.end() :].replace('"', "").split()
    return (match[1], *sorted([schema, *(word for word in words if word != "ON")]))
