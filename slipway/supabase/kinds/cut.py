"""Entries of a dump put into files by kind, each entry after all that it depends on. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

# A file's name, and what pg_dump calls what is in it; in the order in which files are begun. A comment stands with its
# object. What has no kind here comes last, by its order in the dump.
KINDS = {
    "schemas": ("SCHEMA",),
    "types": ("TYPE", "SHELL TYPE", "DOMAIN", "COLLATION", "TEXT SEARCH"),
    "functions": ("FUNCTION", "PROCEDURE", "AGGREGATE", "OPERATOR", "CAST", "TRANSFORM", "CONVERSION"),
    "tables": ("TABLE", "SEQUENCE", "DEFAULT"),
    "constraints": ("CONSTRAINT", "CHECK CONSTRAINT"),
    "views": ("VIEW", "MATERIALIZED VIEW"),
    "indexes": ("INDEX", "STATISTICS"),
    "foreign_keys": ("FK CONSTRAINT",),
    "triggers": ("TRIGGER", "RULE"),
    "policies": ("ROW SECURITY", "POLICY"),
    "others": ("",),
}
WORDS = sorted(((word, kind) for kind, words in KINDS.items() for word in words), key=lambda each: -len(each[0]))
ENTRY = re.compile(r"(?m)^(\d+); (\d+) (\d+) (.*)(?:\n;\s+depends on:((?: \d+)+))?")
# What a dump has beside a schema's objects, as pg_dump calls it. Subscriptions are the server's, and hold passwords.
NO_OBJECTS = (
    "ENCODING ",
    "STDSTRINGS ",
    "SEARCHPATH ",
    "DATABASE ",
    "BLOB",
    "TABLE DATA ",
    "STATISTICS DATA ",
    "SUBSCRIPTION ",
)


@dataclass(frozen=True)
class Entry:
    """One entry of a dump: its number there, those of what it depends on, its kind, and which object it is, if any."""

    number: int
    after: frozenset[int]
    kind: str
    object: tuple[int, int]


@dataclass(frozen=True)
class File:
    """A kind, and the numbers of its entries in the order in which they are made."""

    kind: str
    numbers: tuple[int, ...]


def read(listing: str) -> list[Entry]:
    """The entries of what `pg_restore --list --verbose` prints, in the order of the dump."""
    entries: dict[int, Entry] = {}
    for number, table, id, text, after in ENTRY.findall(listing):
        needs = [int(each) for each in after.split()]
        kind = next((entries[each].kind for each in needs if each in entries), "others")
        kind = kind if text.startswith("COMMENT ") else kind_of(text)
        entries[int(number)] = Entry(int(number), frozenset(needs), kind, (int(table), int(id)))
    return list(entries.values())


def kind_of(text: str) -> str:
    """The kind of an entry by pg_dump's word for it; empty text for what is no object."""
    if text.startswith(NO_OBJECTS):
        return ""
    return next(kind for word, kind in WORDS if text.startswith(word))


def kept(entries: Collection[Entry], chosen: Collection[int], gone: Collection[tuple[int, int]]) -> list[Entry]:
    """The chosen entries of objects, without the objects `gone`.

    Parts of an object, such as its comment, are no objects themselves, and go where it goes.
    """
    left = {each.number for each in entries if not each.kind or each.number not in chosen or each.object in gone}
    left |= {each.number for each in entries if each.object == (0, 0) and each.after & left}
    return [each for each in entries if each.number not in left]


def cut(entries: Collection[Entry]) -> Iterator[File]:
    """Files that can be run one after the other: of a kind there is another one where it needs what comes later."""
    waiting = {each.number: each for each in entries}
    while waiting:
        made = next(filter(None, (ready(kind, waiting) for kind in KINDS)), None)
        # In a ring nothing is ready: then the dump's own order is right.
        made = made or [next(iter(waiting))]
        kind = waiting[made[0]].kind
        for number in made:
            del waiting[number]
        yield File(kind, tuple(made))


def ready(kind: str, waiting: dict[int, Entry]) -> list[int]:
    """Numbers of the entries of a kind that need nothing but each other of what waits, in an order that can be made."""
    rest, made = dict(waiting), []
    while found := [
        each.number for each in rest.values() if each.kind == kind and not each.after & rest.keys() - {each.number}
    ]:
        made += found
        for number in found:
            del rest[number]
    return made
