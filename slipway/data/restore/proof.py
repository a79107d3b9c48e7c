"""Whether a restored database is what its backup's manifest says: one check after the other, each with what it found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.data.backups import fingerprint
from slipway.data.endpoints import Emit
from slipway.data.progress import progress
from slipway.data.restore import counting, filling, proof_queries
from slipway.data.restore.archive import Archive
from slipway.data.restore.interface import Check
from slipway.data.restore.people import NAME, unquote_name

if TYPE_CHECKING:
    import psycopg

MOST_NAMED = 5
NOT_VALID = re.compile(rf"ADD CONSTRAINT ({NAME}) [^;]*NOT VALID;")


@dataclass(frozen=True)
class Scope:
    """How much of the backup was restored: some tables, no rows, extensions left out; `deep` reads indexes too."""

    tables: tuple[str, ...] = ()
    schema_only: bool = False
    without: tuple[str, ...] = ()
    deep: bool = False


def wrong(name: str, problems: list[str], well: str) -> Check:
    """A check that holds when there are no problems; of many, the first few are named."""
    more = f" and {len(problems) - MOST_NAMED} more" if len(problems) > MOST_NAMED else ""
    return Check(name, not problems, "; ".join(problems[:MOST_NAMED]) + more if problems else well)


def failures(checks: list[Check]) -> list[str]:
    return [f"{each.name}: {each.found}" for each in checks if not each.ok]


def checks(connect: counting.Connect, archive: Archive, scope: Scope, emit: Emit) -> list[Check]:
    """Every check on the database that `connect` leads to. Changes nothing in it."""
    with connect() as conn:
        fingerprint.settle(conn)
        found = [tables(conn, archive), *contents(conn, connect, archive, scope, emit)]
        if not (scope.schema_only or scope.tables):
            found += [sequences(conn, archive), behind(conn), large_objects(conn, archive), version(conn, archive)]
        found += [constraints(conn, archive, scope), indexes(conn, archive), extensions(conn, archive, scope)]
        return found + ([indexes_read(conn, emit)] if scope.deep else [])


def tables(conn: psycopg.Connection, archive: Archive) -> Check:
    there, wanted = {row[0] for row in fingerprint.tables(conn)}, set(archive.manifest["tables"])
    return wrong(
        "tables",
        [f"{name} is missing" for name in sorted(wanted - there)]
        + [f"{name} is not in the manifest" for name in sorted(there - wanted)],
        f"{len(wanted)} tables",
    )


def contents(
    conn: psycopg.Connection, connect: counting.Connect, archive: Archive, scope: Scope, emit: Emit
) -> Iterator[Check]:
    """Row counts of every table, and hashes where the manifest has them; `tables` tells which are missing."""
    expected = {
        name: facts if not left_empty(name, scope) else {"rows": 0, "hash": None}
        for name, facts in archive.manifest["tables"].items()
    }
    total, done = sum(facts["rows"] for facts in expected.values()), 0
    seen: dict[str, tuple[int, str | None]] = {}
    columns = fingerprint.columns(conn, list(expected))
    groups = counting.group_tables({name: facts for name, facts in expected.items() if name in columns})
    workers = max(1, min(filling.jobs(), len(groups)))
    with counting.Sessions(connect, workers) as sessions:
        for found in sessions.pool.map(
            lambda group: sessions.ask(counting.statement(group, expected, columns)), groups
        ):
            seen |= found
            done += sum(count for count, _ in found.values())
            progress(emit, "comparing rows with the manifest", done, total, "rows")
    rows = [
        f"{name} has {seen[name][0]:,} rows instead of {facts['rows']:,}"
        for name, facts in expected.items()
        if name in seen and seen[name][0] != facts["rows"]
    ]
    yield wrong("rows", rows, f"{sum(count for count, _ in seen.values()):,} rows")
    hashed = [name for name, facts in expected.items() if facts["hash"]]
    differ = [
        f"{name} has another content" for name in hashed if name in seen and seen[name][1] != expected[name]["hash"]
    ]
    if hashed:
        yield wrong("content", differ, f"{len(hashed)} tables have the same content hash")


def left_empty(name: str, scope: Scope) -> bool:
    return scope.schema_only or bool(scope.tables and name not in scope.tables)


def sequences(conn: psycopg.Connection, archive: Archive) -> Check:
    """Each at least as far as in the manifest: no snapshot holds a sequence still, so the dump's may be ahead of it."""
    there = {name: (last, way) for name, last, way in conn.execute(proof_queries.SEQUENCES)}
    wanted, problems = archive.manifest["sequences"], []
    for name, value in wanted.items():
        last, way = there.get(name, (None, 0))
        if not way:
            problems.append(f"{name} is missing")
        elif value is not None and (last is None or last < value * way):
            problems.append(f"{name} is at {last * way if last is not None else 'its start'}, before {value}")
    return wrong("sequences", problems, f"{len(wanted)} are as far as they were")


def behind(conn: psycopg.Connection) -> Check:
    """Sequences below what their columns hold: no fault of a backup, and worth a word all the same."""
    found = []
    for sequence, table, column in conn.execute(proof_queries.OWNED).fetchall():
        last, most = conn.execute(
            f"SELECT (SELECT last_value - (NOT is_called)::int FROM {sequence}), "  # noqa: S608
            f"(SELECT max({column}) FROM {table})"
        ).fetchone()  # quoted by the server
        if most is not None and last < most:
            found.append(f"{sequence} is at {last}, {table} goes to {most}")
    return Check(
        "sequences ahead",
        True,
        "; ".join(["as in the database that was backed up", *found[:MOST_NAMED]])
        if found
        else "every one is past its column",
    )


def large_objects(conn: psycopg.Connection, archive: Archive) -> Check:
    there, wanted = (
        conn.execute("SELECT count(*) FROM pg_largeobject_metadata").fetchone()[0],
        archive.manifest["large_objects"],
    )
    return Check(
        "large objects", there == wanted, f"{there:,}" + ("" if there == wanted else f" instead of {wanted:,}")
    )


def version(conn: psycopg.Connection, archive: Archive) -> Check:
    known = conn.execute("SELECT to_regclass('slipway.history') IS NOT NULL").fetchone()[0]
    there = conn.execute("SELECT max(version) FROM slipway.history").fetchone()[0] if known else None
    wanted = archive.manifest["schema_version"]
    same = there == wanted
    return Check("schema version", same, f"{there or 'none'}" + ("" if same else f" instead of {wanted or 'none'}"))


def constraints(conn: psycopg.Connection, archive: Archive, scope: Scope) -> Check:
    """As many as the dump makes, and validated, but for those that were NOT VALID when they were dumped."""
    allowed = {unquote_name(name) for name in NOT_VALID.findall(archive.script)}
    open_ones, (keys, foreign) = (
        conn.execute(proof_queries.UNVALIDATED).fetchall(),
        conn.execute(proof_queries.CONSTRAINTS).fetchone(),
    )
    problems = [f"{text} is not validated" for name, text in open_ones if name not in allowed]
    problems += fewer("keys", keys, entries(archive, "CONSTRAINT "))
    problems += [] if scope.tables else fewer("foreign keys", foreign, entries(archive, "FK CONSTRAINT "))
    return wrong(
        "constraints",
        problems,
        f"{keys:,} keys and {foreign:,} foreign keys hold"
        + (f", {len(open_ones)} constraints not validated, as they were" if open_ones else ""),
    )


def indexes(conn: psycopg.Connection, archive: Archive) -> Check:
    count = conn.execute(proof_queries.INDEXES).fetchone()[0]
    problems = [f"{name} is not valid" for (name,) in conn.execute(proof_queries.INVALID)]
    made = entries(archive, "INDEX ") - entries(archive, "INDEX ATTACH ")
    return wrong("indexes", problems + fewer("indexes", count, made), f"{count:,} besides those of keys, all valid")


def entries(archive: Archive, kind: str) -> int:
    return sum(text.startswith(kind) for text in archive.entries.values())


def fewer(what: str, there: int, made: int) -> list[str]:
    return [f"{there:,} {what} instead of {made:,}"] if there < made else []


def extensions(conn: psycopg.Connection, archive: Archive, scope: Scope) -> Check:
    there = {row[0] for row in conn.execute("SELECT extname FROM pg_extension")}
    missing = sorted(set(archive.manifest["extensions"]) - there - set(scope.without))
    left = f", without {', '.join(scope.without)}, not on this server" if scope.without else ""
    return wrong("extensions", [f"{name} is missing" for name in missing], ", ".join(sorted(there)) + left)


def indexes_read(conn: psycopg.Connection, emit: Emit) -> Check:
    """amcheck: every btree is in order and leads to every row. Where the server has no amcheck, that is what is said."""
    import psycopg

    available = conn.execute("SELECT count(*) FROM pg_available_extensions WHERE name = 'amcheck'").fetchone()[0]
    if not available:
        return Check("amcheck", True, "not on this server, left out")
    conn.execute("CREATE EXTENSION IF NOT EXISTS amcheck SCHEMA pg_catalog")
    names, problems = conn.execute(proof_queries.BTREES).fetchall(), []
    for number, (name, oid) in enumerate(names, 1):
        try:
            conn.execute("SELECT bt_index_check(%s::oid::regclass, true)", (oid,))
        except psycopg.Error as error:
            problems.append(f"{name}: {str(error).splitlines()[0]}")
        progress(emit, "reading the indexes", number, len(names), "indexes")
    return wrong("amcheck", problems, f"{len(names)} btree indexes lead to every row")
