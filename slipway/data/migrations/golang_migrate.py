"""golang-migrate's table of one row, and whose a table of that name is where it is not golang-migrate's."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.errors import MigrationError

if TYPE_CHECKING:
    import psycopg

NIL = -1  # golang-migrate's database.NilVersion: nothing is applied
OURS = {"version": "bigint", "dirty": "boolean"}
# Tools that give a table of their own the same name, by its columns (each tool's own CREATE TABLE).
TEXT = {"version": "character varying"}
OTHERS = (
    (TEXT, "dbmate's, or that of Ruby on Rails"),
    ({"version": "bigint", "inserted_at": "timestamp without time zone"}, "that of Ecto"),
    ({"version": "text", "statements": "text[]", "name": "text"}, "that of the Supabase CLI"),
)
COLUMNS = """SELECT attname::text, format_type(atttypid, NULL) FROM pg_attribute
WHERE attrelid = 'public.schema_migrations'::regclass AND attnum > 0 AND NOT attisdropped"""


@dataclass(frozen=True)
class Mirror:
    """golang-migrate's row; NIL and clean where there is none."""

    version: int = NIL
    dirty: bool = False


def mirror(conn: psycopg.Connection) -> Mirror:
    """The row of public.schema_migrations, which must be there. Raises MigrationError where it is another tool's."""
    found = dict(conn.execute(COLUMNS).fetchall())
    if not OURS.items() <= found.items():
        raise foreign_table(found)
    return Mirror(*(conn.execute("SELECT version, dirty FROM public.schema_migrations").fetchone() or ()))


def foreign_table(columns: dict[str, str]) -> MigrationError:
    known = next((name for shape, name in OTHERS if shape == columns), "another tool's")
    listed = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    return MigrationError(
        "public.schema_migrations",
        f"({listed}): that table is {known}",
        "golang-migrate's table (version bigint, dirty boolean), or none",
        ("where it is dbmate's: ./invoke db.import dbmate DIR. Otherwise " if columns == TEXT else "")
        + "./invoke psql: ALTER TABLE schema_migrations RENAME TO schema_migrations_before; then ./invoke db.adopt "
        "--version N, with the number of the last of these files that the database has had",
    )
