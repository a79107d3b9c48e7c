"""Sequences of the copy set to where the project's are, inside the transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.data.backups.snapshot import COUNTED, parts
from slipway.supabase.copying.leave import LEFT

if TYPE_CHECKING:
    import psycopg

NAMES = "SELECT format('%%I.%%I', schemaname, sequencename) FROM pg_sequences WHERE schemaname <> ALL (%s) ORDER BY 1"

Place = tuple[int, bool]  # last_value and is_called


def places(conn: psycopg.Connection, names: list[str]) -> dict[str, Place]:
    from psycopg import sql

    found = {}
    for some in parts(names, COUNTED):
        asked = (f"SELECT {sql.Literal(name).as_string(None)}, last_value, is_called FROM {name}" for name in some)  # noqa: S608
        found |= {name: (last, called) for name, last, called in conn.execute(" UNION ALL ".join(asked))}
    return found


def differing(source: psycopg.Connection, target: psycopg.Connection) -> dict[str, Place]:
    """Where the source's sequences are that the target has elsewhere. No snapshot holds them: ask after the rows."""
    names = [name for (name,) in source.execute(NAMES, ([*LEFT],))]
    theirs, ours = places(source, names), places(target, names)
    return {name: place for name, place in theirs.items() if ours[name] != place}


def bring(target: psycopg.Connection, wanted: dict[str, Place]) -> None:
    """Sets them. A bare setval stays when its transaction is rolled back; RESTART gives it a file that goes with it."""
    for name, (last, called) in wanted.items():
        target.execute(f"ALTER SEQUENCE {name} RESTART")
        target.execute("SELECT setval(%s::regclass, %s, %s)", (name, last, called))
