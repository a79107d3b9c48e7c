"""How far the server's changes have reached the archive, by what waits and since when: failures are not always counted."""

from __future__ import annotations

from typing import TYPE_CHECKING

from slipway.data.endpoints import Endpoints
from slipway.data.postgres import connection

if TYPE_CHECKING:
    import psycopg

PATIENCE = 3  # archive timeouts that a change may wait before that is a failure
FLOOR = 90.0  # seconds; one push is tried again for a minute before it says that it failed
ASK = """
WITH waiting AS (SELECT modification FROM pg_ls_archive_statusdir() WHERE name LIKE '%.ready')
SELECT current_setting('archive_mode'), current_setting('archive_command'), pg_is_in_recovery(),
    (SELECT system_identifier::text FROM pg_control_system()),
    CASE WHEN pg_is_in_recovery() THEN 0 ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END,
    (SELECT count(*) FROM waiting),
    (SELECT coalesce(extract(epoch FROM now() - min(modification)), 0)::float FROM waiting),
    (SELECT coalesce(sum(size), 0)::bigint FROM pg_ls_waldir()),
    a.last_archived_wal, extract(epoch FROM a.last_archived_time)::float,
    extract(epoch FROM now() - a.last_archived_time)::float,
    (SELECT extract(epoch FROM modification)::float FROM pg_ls_waldir()
     WHERE name = left(a.last_archived_wal, 24)),
    extract(epoch FROM now())::float
FROM pg_stat_archiver a"""
NAMES = (
    "mode",
    "command",
    "recovering",
    "system",
    "timeline",
    "ready",
    "lag",
    "wal_bytes",
    "last_wal",
    "last_at",
    "age",
    "last_change",
    "now",
)


def look(ends: Endpoints) -> dict:
    """The state of archiving, or {"reason"} where the server does not answer.

    `lag` is how many seconds the oldest segment has waited for the archive, `age` how many have passed since one got
    there, `last_change` when the last one that did was written to; `ready` counts those that wait.
    """
    import psycopg

    from slipway.errors import GateError

    try:
        with connection.connect(ends.admin_url, "ADMIN_DATABASE_URL", timeout=3, purpose="slipway archive") as conn:
            return state(conn)
    except (GateError, psycopg.Error) as error:
        return {"reason": error.found if isinstance(error, GateError) else connection.reason(error)}


def state(conn: psycopg.Connection) -> dict:
    return dict(zip(NAMES, conn.execute(ASK).fetchone(), strict=True))


def problems(found: dict, timeout: int) -> list[str]:
    """What is wrong with archiving, each a sentence; nothing where all is as it should be."""
    if "reason" in found:
        return [f"the server cannot be asked: {found['reason']}"]
    wrong = []
    if found["mode"] == "off" or "pgbackrest" not in found["command"]:
        wrong.append("the server does not archive: it was started without PITR=true")
    if found["lag"] > limit(timeout):
        since = f"the last one got there {age(found['age'])} ago" if found["last_wal"] else "none ever got there"
        wrong.append(f"changes wait for the archive since {age(found['lag'])} ({found['ready']} segments); {since}")
    return wrong


def unproven(found: dict, record: dict, ends: Endpoints) -> list[str]:
    """What the record of the last proof does not cover: another archive, another cluster, a timeline with no backup."""
    if "reason" in found:
        return []
    if (record.get("stanza"), record.get("bucket")) != (ends.archive.stanza, ends.archive.bucket):
        return ["not proven yet"]
    if record.get("server") != found["system"]:
        return ["another cluster than the one that it was proven with"]
    return [] if record.get("timeline") == found["timeline"] else ["no physical backup of this timeline yet"]


def cut_short(record: dict) -> list[str]:
    """A restore that was begun and not ended, as its record says it."""
    if not record or record.get("phase") == "done":
        return []
    return [f"a restore to {record['target']} was cut short at its {record['phase']}"]


def limit(timeout: int) -> float:
    """Seconds that a segment may wait. Segments fill and are archived in time, or nothing is written and none waits."""
    return max(FLOOR, PATIENCE * timeout)


def age(seconds: float) -> str:
    for size, unit in ((86400, "days"), (3600, "h"), (60, "min")):
        if seconds >= 2 * size:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds:.0f} s"
