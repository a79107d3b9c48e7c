"""What a statement of a migration needs that a plain Postgres, or the role that migrates it, does not have. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from slipway.data.sql import lexer
from slipway.supabase import platform, references

SUPERUSER = "a superuser of the target makes it, outside of migrations"
ONE_OWNER = "nothing: one role owns everything here, and its default privileges are what counts"
SCHEMAS = "|".join(sorted(platform.INSTEAD, key=len, reverse=True))
# Of these no schema is the platform's alone, but the extension comes with it.
EXTENSIONS = {
    "pg_cron": "cron",
    "pg_graphql": "graphql",
    "pg_net": "net",
    "pg_tle": "pgtle",
    "pgmq": "pgmq",
    "pgsodium": "pgsodium",
    "supabase_vault": "vault",
}
EXTENSION = re.compile(rf'CREATE EXTENSION (?:IF NOT EXISTS )?"?({"|".join(EXTENSIONS)})"?(?![\w"])', re.I)
PUBLICATION = re.compile(rf'PUBLICATION (?:IF EXISTS )?"?({platform.PUBLICATION}\w*)"?', re.I)
ABOUT = re.compile(r"(?:CREATE|ALTER|DROP|GRANT|REVOKE|COMMENT)\b", re.I)
ON = re.compile(rf'\bON (?:TABLE |FUNCTION |SEQUENCE )?"?({SCHEMAS})"? ?\. ?"?(\w+)"?', re.I)
SCHEMA = re.compile(rf'\bSCHEMA (?:IF (?:NOT )?EXISTS )?"?({SCHEMAS})"?(?![\w"])', re.I)
OWNER = re.compile(r'\b(?:OWNER TO|FOR (?:ROLE|USER)) "?(postgres|supabase_\w+)"?', re.I)
MADE_BY_SUPERUSERS = re.compile(
    r"(?:CREATE|ALTER|DROP|COMMENT ON|IMPORT) (FOREIGN DATA WRAPPER|SERVER|USER MAPPING|FOREIGN TABLE|FOREIGN SCHEMA|EVENT TRIGGER)\b",
    re.I,
)
ROLE = re.compile(r'(?:CREATE|ALTER|DROP) (?:ROLE|USER) (?!MAPPING)(?:IF EXISTS )?"?(\w+)"?', re.I)
ROUTINE = re.compile(r"CREATE (?:OR REPLACE )?(?:FUNCTION|PROCEDURE)\b", re.I)


@dataclass(frozen=True)
class Need:
    """One thing that is not there, and what stands for it. `inside`: in the body of a routine, which is run later."""

    name: str
    instead: str
    inside: bool = False


@dataclass(frozen=True)
class Statement:
    """One statement of a text: the characters before it, and itself up to the next one's first word."""

    start: int
    text: str


def split(sql: str) -> list[Statement]:
    """The statements of a text, in order."""
    starts = [each.start for each in lexer.statements(sql)]
    return [Statement(start, sql[start:end]) for start, end in zip(starts, [*starts[1:], len(sql)], strict=True)]


def needs(statement: str) -> tuple[Need, ...]:
    """What the statement needs, in the order of the rules here; nothing where a plain Postgres runs it."""
    code = outside_quotes(statement)
    return tuple(dict.fromkeys((*of_calls(statement, code), *of_names(code))))


def outside_quotes(statement: str) -> str:
    """The statement without comments and texts, one blank between its parts."""
    kept = [text for kind, _, text in lexer.tokens(statement) if kind not in ("text", "escaped")]
    return re.sub(r" ?(\.) ?", r"\1", " ".join(kept))


def of_calls(statement: str, code: str) -> Iterator[Need]:
    """Calls of the platform's functions; the body of a routine or of DO is text, and counts."""
    inside = bool(ROUTINE.match(code))
    for called in references.calls(statement if inside or code.upper().startswith("DO") else code):
        yield Need(called, platform.INSTEAD[called.partition(".")[0]], inside)


def of_names(code: str) -> Iterator[Need]:
    """What it names otherwise: extensions, publications, the platform's tables, schemas and roles, a superuser's objects."""
    if match := EXTENSION.match(code):
        yield Need(f"extension {match[1].lower()}", platform.INSTEAD[EXTENSIONS[match[1].lower()]])
    if match := PUBLICATION.search(code):
        yield Need(f"publication {match[1]}", platform.INSTEAD["realtime"])
    if ABOUT.match(code) and not ROUTINE.match(code):
        for schema, name in ON.findall(code):
            yield Need(f"{schema}.{name}".lower(), platform.INSTEAD[schema.lower()])
        for schema in SCHEMA.findall(code):
            yield Need(f"schema {schema.lower()}", platform.INSTEAD[schema.lower()])
    if match := OWNER.search(code):
        yield Need(f"role {match[1]} as owner", ONE_OWNER)
    if match := MADE_BY_SUPERUSERS.match(code):
        yield Need(match[1].lower(), SUPERUSER)
    if match := ROLE.match(code):
        yield Need(f"role {match[1]}", "an administrator of the server makes it: roles are of the whole server")
