"""The team's migrations as the Supabase CLI applies them and keeps them in its history."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg

from slipway.data.sql import lexer

HERE = Path(__file__).parent
SEED = HERE / "seed.sql"
EXPLICIT = "expose_tables"
# What the version was of which nothing but the number is recorded: its schema extensions has a domain.
BEFORE = "create domain extensions.vector as real[];\n"
# What a project's role may do only because supautils lets it: policies on tables that belong to the platform, and event
# triggers. That library is no package of Debian's, so these are run by supabase_admin.
BY_LEAVE = re.compile(r"(?is)create\s+event\s+trigger\b|create\s+policy\s.*?\son\s+(storage|realtime|auth)\.")


@dataclass(frozen=True)
class Migration:
    """One file, and its statements without their semicolons."""

    version: str
    name: str
    statements: tuple[str, ...]


def migrations(explicit: bool) -> list[Migration]:
    """The files in order; that with the grants only for projects whose tables are exposed one by one."""
    files = sorted((HERE / "migrations").glob("*.sql"))
    made = [Migration(*path.stem.split("_", 1), tuple(split(path.read_text()))) for path in files]
    return [each for each in made if explicit or each.name != EXPLICIT]


def split(sql: str) -> Iterator[str]:
    """The statements of a text, each with the comments before it."""
    begin, words = 0, []
    for kind, position, text in lexer.tokens(sql):
        if kind == "end" and not lexer.inside_body(words):
            yield sql[begin:position].strip()
            begin, words = position + 1, []
        else:
            words.append(lexer.token_word(kind, text))
    if words:
        yield sql[begin:].strip()


def apply(team: psycopg.Connection, admin: psycopg.Connection, statement: str) -> None:
    """Runs one statement of a migration as a project does: as its own role, but for what that may by leave."""
    code = re.sub(r"(?m)^\s*--.*\n", "", statement)
    (admin if BY_LEAVE.match(code) else team).execute(statement)


def migrate(team: psycopg.Connection, admin: psycopg.Connection, explicit: bool) -> None:
    """Applies all, and writes the history. Of the first version nothing but its number is known, as after a repair."""
    keep = "insert into supabase_migrations.schema_migrations (version, name, statements) values (%s, %s, %s)"
    team.execute(keep, ["20231201000000", None, None])
    for each in migrations(explicit):
        for statement in each.statements:
            apply(team, admin, statement)
        team.execute(keep, [each.version, each.name, list(each.statements)])
    digest = hashlib.sha256(SEED.read_bytes()).hexdigest()
    team.execute("insert into supabase_migrations.seed_files values ('supabase/seed.sql', %s)", [digest])
