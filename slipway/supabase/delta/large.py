"""Large objects, which stand in no table: compared by their hashes and brought piece by piece."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from slipway.supabase.delta.merge import CHANGED, DELETED, INSERTED, merge

if TYPE_CHECKING:
    import psycopg

NAME = "large objects"
MARK = """
SELECT count(*), md5(coalesce(string_agg(oid::text || ' ' || md5(lo_get(oid)), ',' ORDER BY oid), ''))
FROM pg_largeobject_metadata
"""
EACH = "SELECT oid::bigint, md5(lo_get(oid)) FROM pg_largeobject_metadata ORDER BY oid"
EMPTY = "SELECT lo_truncate64(lo_open(%s, 131072), 0)"  # INV_WRITE
OWNED = "ALTER LARGE OBJECT {} OWNER TO {}"
PIECE = 2**20


def mark(conn: psycopg.Connection) -> dict:
    rows, digest = conn.execute(MARK).fetchone()
    return {"rows": rows, "hash": digest}


def stream(conn: psycopg.Connection, side: str):
    with conn.cursor(name=f"large_{side}") as cursor:
        cursor.execute(EACH)
        for oid, digest in cursor:
            yield (oid,), digest


def bring(source: psycopg.Connection, target: psycopg.Connection, owner: str, dry_run: bool) -> Counter[str]:
    """Makes those of the target as they are in the source; how many of each kind of change. New ones are the owner's."""
    from psycopg import sql

    done: Counter[str] = Counter()
    for what, (oid,) in merge(stream(target, "ours"), stream(source, "theirs")):
        done[what] += 1
        if dry_run:
            continue
        if what == DELETED:
            target.execute("SELECT lo_unlink(%s)", (oid,))
        elif what == INSERTED:
            target.execute("SELECT lo_create(%s)", (oid,))
            target.execute(sql.SQL(OWNED).format(sql.Literal(oid), sql.Identifier(owner)))
        if what == CHANGED:
            target.execute(EMPTY, (oid,))
        if what != DELETED:
            fill(source, target, oid)
    return done


def fill(source: psycopg.Connection, target: psycopg.Connection, oid: int) -> None:
    at = 0
    while piece := source.execute("SELECT lo_get(%s, %s, %s)", (oid, at, PIECE)).fetchone()[0]:
        target.execute("SELECT lo_put(%s, %s, %s)", (oid, at, piece))
        at += len(piece)
