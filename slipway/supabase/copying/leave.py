"""What of the project's database stays behind, by the numbers that its catalog has for it.

What depends on it stays behind too, but never a table or a column: then the copy is refused, and says which.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from slipway.errors import SettingsError
from slipway.supabase import platform
from slipway.supabase.copying import queues, strangers
from slipway.supabase.inventory import sealed
from slipway.supabase.inventory.project import listed

if TYPE_CHECKING:
    import psycopg

LEFT = sorted(platform.SCHEMAS - {*platform.MOVED, platform.EXTENSIONS})
# Begins with what only the platform has, and goes on with what the catalog says depends on that. A view hangs on the
# other end of its rule. What extensions bring is made by them; their own rows in pg_depend are not followed.
QUERY = """
WITH RECURSIVE gone(class, id) AS (
    SELECT 'pg_event_trigger'::regclass::oid, e.oid FROM pg_event_trigger e
        JOIN pg_proc p ON p.oid = e.evtfoid JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE e.evtname = ANY (%(events)s) OR n.nspname = ANY (%(left)s)
    UNION SELECT 'pg_proc'::regclass, e.evtfoid FROM pg_event_trigger e WHERE e.evtname = ANY (%(events)s)
    UNION SELECT 'pg_publication'::regclass, oid FROM pg_publication WHERE starts_with(pubname, %(publication)s)
    UNION SELECT 'pg_foreign_data_wrapper'::regclass, oid FROM pg_foreign_data_wrapper
    UNION SELECT 'pg_class'::regclass, c.oid FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
        WHERE n.nspname = ANY (%(left)s)
    UNION SELECT 'pg_proc'::regclass, p.oid FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
        WHERE n.nspname = ANY (%(left)s)
    UNION SELECT 'pg_type'::regclass, t.oid FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
        WHERE n.nspname = ANY (%(left)s)
    UNION SELECT m.classid, m.objid FROM pg_depend m JOIN pg_extension e ON e.oid = m.refobjid
        WHERE m.refclassid = 'pg_extension'::regclass AND m.deptype = 'e' AND e.extname = ANY (%(missing)s)
    UNION SELECT next.class, next.id FROM gone g, LATERAL (
        SELECT d.classid, d.objid FROM pg_depend d
            WHERE d.refclassid = g.class AND d.refobjid = g.id AND d.deptype IN ('n', 'a', 'i')
        UNION ALL SELECT d.refclassid, d.refobjid FROM pg_depend d
            WHERE d.classid = g.class AND d.objid = g.id AND d.deptype = 'i' AND g.class = 'pg_rewrite'::regclass
    ) AS next(class, id)
)
SELECT g.class::bigint, g.id::bigint, pg_describe_object(g.class, g.id, 0), c.relkind::text,
    (SELECT a.object_names[1] FROM pg_identify_object_as_address(g.class, g.id, 0) a) AS schema,
    EXISTS (SELECT FROM pg_policy p WHERE g.class = 'pg_policy'::regclass AND p.oid = g.id AND NOT p.polpermissive) AS restricts
FROM gone g LEFT JOIN pg_class c ON g.class = 'pg_class'::regclass AND c.oid = g.id ORDER BY 3
"""
TEAM = "SELECT nspname FROM pg_namespace n WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' AND nspname <> ALL (%(own)s)"
ATTRIBUTE_DEFAULT = "SELECT 'pg_attrdef'::regclass::oid::bigint"


@dataclass(frozen=True)
class Left:
    """What stays: the numbers of its catalog and its own, and the words for what of it is the team's.

    `restricting` are policies without which more rows are seen; they are told first.
    """

    objects: frozenset[tuple[int, int]]
    told: tuple[str, ...]
    restricting: frozenset[tuple[int, int]] = frozenset()


def look(conn: psycopg.Connection, missing: list[str]) -> Left:
    """What stays behind, where the target lacks the extensions `missing`.

    Raises SettingsError where a table or a column of the team's would have to.
    """
    strangers.refuse(conn, LEFT)
    rows = conn.execute(
        QUERY,
        {
            "events": sorted(platform.EVENT_TRIGGERS),
            "left": LEFT,
            "publication": platform.PUBLICATION,
            "missing": missing,
        },
    ).fetchall()
    default = conn.execute(ATTRIBUTE_DEFAULT).fetchone()[0]
    team = {name for (name,) in conn.execute(TEAM, {"own": sorted(platform.SCHEMAS)})}
    kept = [row for row in rows if row[4] in team | {*platform.MOVED}]
    refuse_loss([text for number, _, text, kind, *_ in kept if kind in ("r", "p") or number == default])
    opens = {(number, id): text for number, id, text, *_, restricts in kept if restricts}
    told = [f"restrictive {text}: what it hides is open without it" for text in opens.values()]
    told += [
        text
        for number, id, text, kind, *_ in kept
        if (number, id) not in opens and kind != "c" and not text.startswith("type ")
    ]
    return Left(
        frozenset((number, id) for number, id, *_ in rows),
        (*told, *queues.told(conn), *sealed.told(conn)),
        frozenset(opens),
    )


def refuse_loss(lost: list[str]) -> None:
    if lost:
        raise SettingsError(
            "the project's tables",
            f"cannot be made without what only Supabase has: {listed(lost)}",
            "columns and defaults of types and functions that the target has, or an image of Postgres with that extension",
            "./invoke supabase.inventory says what each needs; change it on the project, or choose another image",
        )
