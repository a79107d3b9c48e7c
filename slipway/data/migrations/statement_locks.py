"""The strongest lock that each statement of a migration takes, as far as its text tells: for a plan, before anything is run.

The modes are those of the PostgreSQL manual, "Explicit Locking" and the pages of each command; `rehearse` measures them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from slipway.data.migrations.foresight import Lock
from slipway.data.rehearsal.locks import MODES, STRENGTH, spelt
from slipway.data.sql import lexer

SHARED_UPDATE, SHARE, SHARED_ROW = "ShareUpdateExclusiveLock", "ShareLock", "ShareRowExclusiveLock"
ROWS, ALONE, NO_WRITES = "RowExclusiveLock", "AccessExclusiveLock", "ExclusiveLock"
NAME = r'(?:"(?:[^"]|"")*"|[^\W\d][\w$]*)'
TABLE = rf"(?P<table>{NAME}(?: \. {NAME})?)"
MAYBE = r"(?:IF (?:NOT )?EXISTS )?(?:ONLY )?"
# What a statement looks like, its tokens one blank apart, and the mode that it takes on the table that it names.
KINDS: tuple[tuple[str, str], ...] = (
    (rf"CREATE (?:UNIQUE )?INDEX CONCURRENTLY (?:IF NOT EXISTS )?(?:{NAME} )?ON (?:ONLY )?{TABLE}", SHARED_UPDATE),
    (rf"CREATE (?:UNIQUE )?INDEX (?:IF NOT EXISTS )?(?:{NAME} )?ON (?:ONLY )?{TABLE}", SHARE),
    (rf"REINDEX (?:\( .*?\) )?(?:TABLE|INDEX) CONCURRENTLY {TABLE}", SHARED_UPDATE),
    (rf"REINDEX (?:\( .*?\) )?TABLE {TABLE}", SHARE),
    (rf"CREATE (?:OR REPLACE )?(?:CONSTRAINT )?TRIGGER .*? ON {TABLE}", SHARED_ROW),
    (rf"(?:DROP TRIGGER|ALTER TRIGGER|CREATE POLICY|ALTER POLICY|DROP POLICY) {MAYBE}{NAME} ON {TABLE}", ALONE),
    (rf"CREATE (?:OR REPLACE )?RULE .*? TO {TABLE}", ALONE),
    (rf"CREATE TABLE .*? PARTITION OF {TABLE}", ALONE),
    (rf"REFRESH MATERIALIZED VIEW CONCURRENTLY {TABLE}", NO_WRITES),
    (rf"REFRESH MATERIALIZED VIEW {TABLE}", ALONE),
    (rf"(?:VACUUM (?:\( )?FULL .*?|CLUSTER ){TABLE}", ALONE),
    (rf"(?:VACUUM|ANALYZE) (?:\( .*?\) )?(?:VERBOSE )?{TABLE}", SHARED_UPDATE),
    (rf"COMMENT ON TABLE {TABLE}", SHARED_UPDATE),
    (rf"(?:INSERT INTO|MERGE INTO|DELETE FROM|UPDATE|COPY) (?:ONLY )?{TABLE}", ROWS),
)
LISTS = re.compile(rf"(?:TRUNCATE|DROP (?:TABLE|VIEW|MATERIALIZED VIEW)) (?:TABLE )?{MAYBE}(?P<names>{NAME}.*)", re.I)
AFTER = re.compile(r" (?:CASCADE|RESTRICT|RESTART IDENTITY|CONTINUE IDENTITY)\b.*", re.I)
ALTERED = re.compile(rf"ALTER (?:TABLE|VIEW|MATERIALIZED VIEW) {MAYBE}{TABLE}(?: \*)? (?P<actions>.*)", re.I | re.S)
# Actions of ALTER TABLE that need less than ACCESS EXCLUSIVE; they name no columns that matter here.
MILD: tuple[tuple[str, str], ...] = (
    (
        r"VALIDATE CONSTRAINT|ALTER (?:COLUMN )?\S+ SET STATISTICS|SET \( |RESET \( |CLUSTER ON|SET WITHOUT CLUSTER",
        SHARED_UPDATE,
    ),
    (r"ATTACH PARTITION|DETACH PARTITION .* CONCURRENTLY", SHARED_UPDATE),
    (rf"ADD (?:CONSTRAINT {NAME} )?FOREIGN KEY|(?:ENABLE|DISABLE) (?:REPLICA |ALWAYS )?TRIGGER", SHARED_ROW),
)
REFERENCES = re.compile(rf"\bREFERENCES {TABLE}", re.I)
ATTACHED = re.compile(rf"\bATTACH PARTITION {TABLE}", re.I)
LOCKED = re.compile(rf"LOCK (?:TABLE )?(?:ONLY )?{TABLE}(?: IN (?P<mode>[A-Z ]+?) MODE)?", re.I)
MADE = re.compile(
    rf"CREATE (?:UNLOGGED |TEMP |TEMPORARY |OR REPLACE )*(?:TABLE|VIEW|MATERIALIZED VIEW) (?:IF NOT EXISTS )?{TABLE}",
    re.I,
)
UNTOLD = {"DO", "CALL"}
SPELT = {spelt(mode): mode for mode in MODES}


def strongest(sql: str) -> tuple[tuple[Lock, ...], bool]:
    """The locks, the strongest first, and whether there is code that takes its own.

    Tables that the text itself makes are left out: nobody else can want them yet.
    """
    worst: dict[str, str] = {}
    made: set[str] = set()
    untold = False
    for text in statements(sql):
        for table, mode in find_locks(text):
            if STRENGTH[mode] >= STRENGTH.get(worst.get(table, ""), -1) and table not in made:
                worst[table] = mode
        if match := MADE.match(text):
            made.add(plain_name(match["table"]))
        untold = untold or text.split(" ", 1)[0].upper() in UNTOLD
    ordered = sorted(worst.items(), key=lambda each: (-STRENGTH[each[1]], each[0]))
    return tuple(Lock(table, spelt(mode), MODES[mode]) for table, mode in ordered), untold


def statements(sql: str) -> Iterator[str]:
    """Each statement with its tokens one blank apart, without comments, and with texts as ''."""
    starts = [each.start for each in lexer.statements(sql)]
    for begin, end in zip(starts, [*starts[1:], len(sql)], strict=False):
        parts = ((kind, text) for kind, _, text in lexer.tokens(sql[begin:end]) if kind != "end")
        yield " ".join("''" if kind in ("text", "escaped") else text for kind, text in parts)


def find_locks(text: str) -> Iterator[tuple[str, str]]:
    """Table and mode of each lock that a statement is known to take on a table that it names."""
    if match := ALTERED.match(text):
        yield from ((plain_name(found["table"]), ALONE) for found in ATTACHED.finditer(text))
        yield plain_name(match["table"]), max(map(altering_mode, actions(match["actions"])), key=STRENGTH.__getitem__)
    elif match := LISTS.match(text):
        yield from ((plain_name(name), ALONE) for name in AFTER.sub("", match["names"]).split(" , "))
    elif match := LOCKED.match(text):
        yield plain_name(match["table"]), SPELT.get((match["mode"] or "ACCESS EXCLUSIVE").upper(), ALONE)
    else:
        yield from kind(text)
    if not match or ALTERED.match(text):
        yield from (
            (plain_name(found["table"]), SHARED_ROW) for found in REFERENCES.finditer(text) if "TABLE" in text.upper()
        )


def kind(text: str) -> Iterator[tuple[str, str]]:
    for pattern, mode in KINDS:
        if match := re.match(pattern, text, re.I | re.S):
            yield plain_name(match["table"]), mode
            return


def actions(text: str) -> Iterator[str]:
    """The actions of an ALTER TABLE: commas inside parentheses separate none."""
    depth, part = 0, []
    for word in text.split(" "):
        depth += {"(": 1, ")": -1}.get(word, 0)
        if word == "," and depth == 0:
            yield " ".join(part)
            part = []
        else:
            part.append(word)
    yield " ".join(part)


def altering_mode(action: str) -> str:
    return next((mode for pattern, mode in MILD if re.match(pattern, action, re.I)), ALONE)


def plain_name(table: str) -> str:
    """The name as a person writes it: without the blanks between its tokens, and without public."""
    return re.sub(r"^public\.", "", re.sub(r" \. ", ".", table), flags=re.I)
