# ruff: noqa: S608 (the parts are constants of this package)
"""What stays on the platform by design, in the words that a catalog's snapshot has for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.data.postgres.catalog_queries import WORD
from slipway.supabase.copying import leave, prelude

if TYPE_CHECKING:
    import psycopg

PG_CLASS = 1259  # pg_class is the same number on every server
INSTALLED = "SELECT extname FROM pg_extension ORDER BY 1"
# Names as the queries of the snapshot make them, by the catalog that a number belongs to.
NAMES = f"""
WITH gone AS (SELECT * FROM unnest(%(classes)s::oid[], %(ids)s::oid[]) AS g(class, id))
SELECT {WORD} FROM gone JOIN pg_class c ON class = 'pg_class'::regclass AND c.oid = id WHERE c.relkind <> 'i'
UNION ALL SELECT 'index ' || c.oid::regclass FROM gone JOIN pg_class c ON class = 'pg_class'::regclass AND c.oid = id
    WHERE c.relkind = 'i'
UNION ALL SELECT CASE p.prokind WHEN 'p' THEN 'procedure ' WHEN 'a' THEN 'aggregate ' ELSE 'function ' END || p.oid::regprocedure
    FROM gone JOIN pg_proc p ON class = 'pg_proc'::regclass AND p.oid = id
UNION ALL SELECT CASE t.typtype WHEN 'd' THEN 'domain ' ELSE 'type ' END || t.oid::regtype
    FROM gone JOIN pg_type t ON class = 'pg_type'::regclass AND t.oid = id
UNION ALL SELECT 'trigger ' || quote_ident(t.tgname) || ' of ' || t.tgrelid::regclass
    FROM gone JOIN pg_trigger t ON class = 'pg_trigger'::regclass AND t.oid = id
UNION ALL SELECT 'policy ' || quote_ident(p.polname) || ' of ' || p.polrelid::regclass
    FROM gone JOIN pg_policy p ON class = 'pg_policy'::regclass AND p.oid = id
UNION ALL SELECT 'constraint ' || quote_ident(o.conname) || ' of ' || o.conrelid::regclass
    FROM gone JOIN pg_constraint o ON class = 'pg_constraint'::regclass AND o.oid = id WHERE o.conrelid <> 0
UNION ALL SELECT 'rule ' || quote_ident(r.rulename) || ' of ' || r.ev_class::regclass
    FROM gone JOIN pg_rewrite r ON class = 'pg_rewrite'::regclass AND r.oid = id
UNION ALL SELECT 'statistics ' || s.stxnamespace::regnamespace || '.' || quote_ident(s.stxname)
    FROM gone JOIN pg_statistic_ext s ON class = 'pg_statistic_ext'::regclass AND s.oid = id
UNION ALL SELECT 'event trigger ' || quote_ident(e.evtname)
    FROM gone JOIN pg_event_trigger e ON class = 'pg_event_trigger'::regclass AND e.oid = id
UNION ALL SELECT 'publication ' || quote_ident(p.pubname)
    FROM gone JOIN pg_publication p ON class = 'pg_publication'::regclass AND p.oid = id
UNION ALL SELECT 'foreign server ' || quote_ident(s.srvname)
    FROM gone JOIN pg_foreign_server s ON class = 'pg_foreign_server'::regclass AND s.oid = id
UNION ALL SELECT 'comment on ' || pg_describe_object(d.classoid, d.objoid, d.objsubid)
    FROM gone JOIN pg_description d ON d.classoid = class AND d.objoid = id
"""


@dataclass(frozen=True)
class Stays:
    """Names of the snapshot that are not to be looked for in the copy, numbers of the catalog, and the words for people."""

    names: frozenset[str]
    objects: frozenset[tuple[int, int]]
    told: tuple[str, ...]

    def has_table(self, number: int) -> bool:
        """Whether a table, view or sequence is among it, by its number in pg_class."""
        return (PG_CLASS, number) in self.objects


def look(conn: psycopg.Connection) -> Stays:
    """What leaving Supabase leaves there. An extension that the copy lacks for another reason is not among it.

    A restrictive policy is looked for all the same. Raises SettingsError where a table or a column of the team's would be, as the copy does.
    """
    extensions = [name for (name,) in conn.execute(INSTALLED) if name in prelude.LEFT - {"plpgsql"}]
    found = leave.look(conn, extensions)
    gone = sorted(found.objects - found.restricting)
    values = {"classes": [number for number, _ in gone], "ids": [id for _, id in gone]}
    names = {name for (name,) in conn.execute(NAMES, values)}
    names |= {f"extension {name}" for name in extensions} | {f"schema {name}" for name in leave.LEFT}
    return Stays(frozenset(names), found.objects, (*(f"extension {name}" for name in extensions), *found.told))
