"""What another tool has run in this database, recorded as our baseline: nothing of the migrations is run."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.migrations import files, golang_migrate, history, session
from slipway.data.migrations.imports import tools
from slipway.data.migrations.imports.model import Applied, Rows, Tool
from slipway.data.migrations.interface import Foreign, Import, Imported
from slipway.data.progress import progress
from slipway.errors import MigrationError

if TYPE_CHECKING:
    import psycopg

TABLES = """
SELECT n.nspname::text, (SELECT jsonb_object_agg(attname, format_type(atttypid, NULL)) FROM pg_attribute
    WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped)
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relname = %s AND c.relkind IN ('r', 'p') AND %s::text IN ('', n.nspname::text) AND n.nspname <> 'slipway' ORDER BY 1
"""
READ = {"text": "{}::text", "bool": "{}", "hex": "encode({}, 'hex')"}
ASIDE = "schema_migrations_before"
Table = tuple[str, str]


def take_over(ends: Endpoints, args: Import, emit: Emit) -> Imported:
    """Reads the tool's table and records what it has run, all of it or nothing; without `keep` all of it is taken back.

    Raises MigrationError for a migration that stopped in its middle, for one that has no file, and where what is
    applied and what is not would come out of order.
    """
    tool = tools.find(args.tool)
    with session.open_locked_session(ends, "slipway import", lambda text: progress(emit, text, 0, 0, "")) as conn:
        session.reset(conn, ends)
        with session.guard_transaction(conn, "import"):
            conn.execute("BEGIN")
            table = find_table(conn, tool, args.table)
            found = tool.applied(read_rows(conn, tool, table), by_version(args)) if table else Applied(frozenset())
            aside = set_aside(conn, tool, table)
            notes = (*found.notes, *elsewhere(tool, table))
            answer = record(conn, ends, args, replace(found, notes=notes), ".".join(table) if table else None, aside)
            if args.keep:
                session.commit(conn, "import")
    return answer


def by_version(args: Import) -> dict[str, Foreign]:
    return {each.theirs: each for each in args.files}


def find_table(conn: psycopg.Connection, tool: Tool, named: str) -> Table | None:
    """Schema and name of the tool's table; None where it never was here. Raises MigrationError where there are two."""
    schema, _, name = named.rpartition(".") if named else (tool.schema, "", tool.table)
    found = tables(conn, tool, name, schema)
    if len(found) > 1:
        raise MigrationError(
            f"{tool.name}'s table",
            f"{name} is in the schemas {', '.join(found)}",
            "to know which of them is meant",
            f"--table {found[0]}.{name}",
        )
    if named and not found:
        columns = ", ".join(tool.columns)
        raise MigrationError(named, f"no table of {tool.name} of that name", f"a table with {columns}", "./invoke psql")
    return (found[0], name) if found else None


def tables(conn: psycopg.Connection, tool: Tool, name: str, schema: str) -> list[str]:
    """The schemas with a table of that name that is the tool's; those of all, where `schema` is empty."""
    return [each for each, columns in conn.execute(TABLES, (name, schema)) if fits(tool, columns)]


def fits(tool: Tool, columns: Mapping[str, str]) -> bool:
    """Whether a table of that name has the tool's columns: some tools call theirs the same."""
    return columns == golang_migrate.TEXT if tool.in_the_way else tool.columns.keys() <= columns.keys()


def read_rows(conn: psycopg.Connection, tool: Tool, table: Table) -> Rows:
    """The columns that the tool is read by. Raises MigrationError where this role may not read its table."""
    from psycopg import errors, sql

    columns = (sql.SQL(READ[kind]).format(sql.Identifier(name)) for name, kind in tool.columns.items())
    query = sql.SQL("SELECT {} FROM {} ORDER BY {}")
    text = query.format(sql.SQL(", ").join(columns), sql.Identifier(*table), sql.Identifier(tool.order))
    (role,) = conn.execute("SELECT quote_ident(current_user)").fetchone()
    schema, name = (sql.Identifier(*parts).as_string(conn) for parts in (table[:1], table))
    try:
        return conn.execute(text).fetchall()
    except errors.InsufficientPrivilege as error:
        raise MigrationError(
            ".".join(table),
            f"{error.diag.message_primary}: what {tool.name} has run here is not known",
            f"a role that may read the history of {tool.name}",
            f"./invoke psql, as its owner: GRANT USAGE ON SCHEMA {schema} TO {role}; GRANT SELECT ON {name} TO {role}",
        ) from None


def elsewhere(tool: Tool, table: Table | None) -> Iterator[str]:
    """What there is to say of a table that is in a schema of the team's own: search_path led the tool there."""
    if table and table[0] not in ("public", tool.schema):
        yield (
            f"{'.'.join(table)}: what {tool.name}'s files name without a schema may have gone to {table[0]} as well; "
            "on a new database it goes to public, unless they set search_path"
        )


def set_aside(conn: psycopg.Connection, tool: Tool, table: Table | None) -> str | None:
    """Gives the tool's table another name where golang-migrate's row has to be; the new name."""
    from psycopg import sql

    if not tool.in_the_way or table != ("public", "schema_migrations"):
        return None
    conn.execute(sql.SQL("ALTER TABLE {} RENAME TO {}").format(sql.Identifier(*table), sql.Identifier(ASIDE)))
    return f"public.{ASIDE}"


def record(
    conn: psycopg.Connection, ends: Endpoints, args: Import, found: Applied, table: str | None, aside: str | None
) -> Imported:
    """Writes the rows that the history lacks."""
    history.establish(conn, ends)
    known = history.read(conn)
    refuse_conflicts(conn, args, known)
    fresh = [each for each in args.files if each.theirs in found.versions and each.version not in known]
    applied = known.keys() | {each.version for each in fresh}
    newest = max(applied, default=history.NIL)
    refuse_late(args, applied, newest)
    if fresh:
        rows = "".join(history.up_rows(baseline(each, args.by)) for each in fresh)
        conn.execute(history.own_statements(ends) + rows + history.mirror_rows(newest))
    return Imported(
        table,
        tuple(each.version for each in fresh),
        tuple(each.version for each in args.files if each.version not in applied),
        None if newest == history.NIL else newest,
        aside,
        found.notes,
    )


def baseline(each: Foreign, by: str) -> files.Applied:
    return files.Applied(
        each.version, each.name, each.sha256, by=by, down_sha256=each.down_sha256, baseline=True, compatible=False
    )


def refuse_conflicts(conn: psycopg.Connection, args: Import, known: Mapping[int, files.Applied]) -> None:
    """Raises MigrationError where our own history is not at rest, or has another file of one of these numbers."""
    if stopped := history.find_unfinished(conn):
        raise MigrationError(
            f"migration {stopped.version}", "stopped in its middle", "a history at rest", "./invoke db.migrate"
        )
    if other := history.disagreement(conn, known):
        raise other.error()
    for each in args.files:
        row = known.get(each.version)
        if row and (row.sha256 != each.sha256):
            raise MigrationError(
                each.origin,
                f"would be number {each.version}, which this database has had as {row.version}_{row.name} with "
                "another content",
                "a database that has had no other migrations of these numbers",
                f"with the files of {row.version}_{row.name} and those after it in migrations/: ./invoke db.rollback; "
                "then import again",
            )


def refuse_late(args: Import, applied: set[int], newest: int) -> None:
    """Raises MigrationError for a migration that was not run though a later one was: it never would be."""
    labels = {each.version: each.origin for each in args.files}
    for version in sorted((*labels, *args.others)):
        if version < newest and version not in applied:
            raise MigrationError(
                labels.get(version, f"migration {version} in migrations/"),
                f"was not run, and comes before {newest}, which is applied",
                "pending migrations after all that are applied",
                f"run it with {args.tool} first, or give it a later number"
                if version in labels
                else "move it out of migrations/ (git rm, if it is an example that came with Slipway)",
            )
