"""What a copy reads of the project, all as of one moment: a dump, counts and hashes, rights, and what stays behind."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.data.backups import dump, manifest, snapshot, take
from slipway.data.backups import source as backup_source
from slipway.data.backups.snapshot import Snapshot
from slipway.data.backups.source import Source
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.postgres import connection
from slipway.data.postgres import programs as postgres_programs
from slipway.data.restore import archive
from slipway.supabase import platform, source
from slipway.supabase.copying import defaults, forced, kept, leave, members, prelude, rights, role_settings
from slipway.supabase.delta import schema

if TYPE_CHECKING:
    import psycopg

WHERE = source.WHERE
MEND = "the same command again; if that does not help, the dashboard, Logs, says what the server did"
TEAMS_ROLES = "SELECT rolname FROM pg_roles WHERE NOT rolsuper ORDER BY 1"


def dumped(ends: Endpoints, path: Path, is_fresh: bool, conn: psycopg.Connection, emit: Emit) -> list[str]:
    """Fills the directory with a whole dump, unless one is there and another is not asked for; what there is to say of that."""
    found = None if is_fresh else kept.look(path, address(ends))
    if found and not found.fault:
        return [f"the dump of {found.begun} was there and whole; --fresh takes another"]
    shutil.rmtree(path, ignore_errors=True)
    path.mkdir(parents=True, mode=0o700)
    server = conn.info.server_version // 10000
    manifest.write(path, write_dump(ends, path, server, archive.available(conn), emit))
    return [f"a dump was there but not used, {found.fault}: another one was taken"] if found else []


def address(ends: Endpoints) -> str:
    """Which project it is, without its password."""
    given = connection.parameters(ends.supabase.db_url, WHERE)
    return f"{given.get('user', '')}@{given.get('host', '')}:{given.get('port', '')}/{given.get('dbname', '')}"


def way_to(ends: Endpoints) -> Source:
    given = connection.parameters(ends.supabase.db_url, WHERE)
    name = given.get("dbname") or given.get("user", "")
    return Source(ends.supabase.db_url, WHERE, name, without=tuple(leave.LEFT), called=WHERE, mend=MEND)


def write_dump(ends: Endpoints, path: Path, server: int, offered: set[str], emit: Emit) -> dict:
    """The dump's files, and what its manifest says of the project. `server`: the major version of the target, which has
    the extensions that are `offered`."""
    way = way_to(ends)
    with source.open_source(ends.supabase.db_url) as conn:  # for its words, where nobody is let in
        source.refuse_blind(conn, tuple(leave.LEFT))
    begun = take.now()
    with snapshot.open_snapshot(way) as taken:
        server_facts = backup_source.describe_server(taken.conn)
        major = server_facts["server_version_num"] // 10000
        source.refuse_newer(major, server)
        found = server_facts | look(taken, offered)
        programs = postgres_programs.folder(ends, major, "pg_dump", "pg_dumpall", "pg_restore")
        dump.roles(programs, way, path / manifest.GLOBALS, False)
        tables = take.dump_database(programs, way, taken, path / manifest.DUMP, "slipway supabase", True, emit)
    sequences = {name: value for name, value in found["sequences"].items() if name.partition(".")[0] not in leave.LEFT}
    return found | {
        "id": f"supabase-{datetime.now(UTC):%Y%m%dT%H%M%SZ}",
        "of": address(ends),
        "begun": begun,
        "tables": tables,
        "sequences": sequences,
        "tools": {"pg_dump": dump.version(programs / "pg_dump")},
        "files": kept.files(path),
    }


def look(taken: Snapshot, offered: set[str]) -> dict:
    """What no dump has of the project and its copy needs: extensions, what stays behind, rights, settings."""
    conn = taken.conn
    conn.execute("SET LOCAL search_path = ''")
    extensions, missing = prelude.wanted(conn, offered)
    left = leave.look(conn, missing)
    names = [name for (name,) in conn.execute(TEAMS_ROLES) if not platform.owns_role(name)]
    all_names = {*names, *platform.API_ROLES}
    settings = role_settings.look(conn, all_names)
    return {
        "extensions": extensions,
        "missing": missing,
        "schema": schema.look(conn),
        "left": [list(pair) for pair in sorted({*left.objects, *prelude.schemas(conn, extensions)})],
        "told": [*left.told, *defaults.others(conn), *role_settings.staying(settings)],
        "rights": rights.statements(conn, all_names, left.objects),
        "defaults": defaults.statements(conn, all_names),
        "forced": forced.passed_by(conn),
        "members": members.record(conn, extensions),
        "event_triggers": rights.event_triggers(conn),
        "roles": names,
        "settings": [[each.role, each.name, each.value] for each in role_settings.coming(settings)],
    }
