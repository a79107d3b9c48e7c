"""The whole inventory of a project, in one read-only transaction."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.postgres import connection
from slipway.data.progress import teller
from slipway.supabase import source
from slipway.supabase.dumps import standing
from slipway.supabase.interface import BY_HAND, MOVES, STAYS, Finding, Inventory, Look
from slipway.supabase.inventory import code, duties, extensions, logins, objects, outside, roles, rows, sealed, storage
from slipway.supabase.inventory.project import Project, Target

PARTS = (
    ("extensions", extensions.find),
    ("schemas and tables", objects.find),
    ("encrypted columns", sealed.find),
    ("functions, triggers, policies", code.find),
    ("roles", roles.find),
    ("users", logins.find),
    ("buckets", storage.find),
    ("jobs, queues, secrets", duties.find),
    ("history", outside.find),
)


def take(ends: Endpoints, args: Look, emit: Emit) -> Inventory:
    """Reads what the project has, and what the stack's database offers for it; nothing is written on either side.

    Raises SettingsError and GateError as `source.snapshot` does, and what `standing.project` does of dumps.
    """
    target = offered(ends)
    with standing.project(ends, args.dumps, emit) as stands, source.snapshot(stands.ends.supabase.db_url) as conn:
        project = Project(conn, target)
        told = (Finding("dumps", note, BY_HAND, "look whether anybody needs it") for note in stands.notes)
        size, at = conn.execute("SELECT pg_database_size(current_database()), now()").fetchone()
        return Inventory(
            database=conn.info.dbname,
            role=conn.info.user,
            version=conn.execute("SHOW server_version").fetchone()[0],
            bytes=size,
            at=at.astimezone(UTC).isoformat(timespec="seconds"),
            findings=(*told, *find(project, emit)),
        )


def offered(ends: Endpoints) -> Target:
    """What the stack's database is, and which extensions it has."""
    with connection.connect(ends.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway supabase") as conn:
        found = dict(conn.execute("SELECT name::text, default_version FROM pg_available_extensions").fetchall())
        return Target(conn.info.server_version // 10000, found)


def find(project: Project, emit: Emit) -> Iterator[Finding]:
    yield server(project)
    for name, part in PARTS:
        teller(emit)(name)
        yield from part(project)
    yield from rows.find(project, emit)


def server(project: Project) -> Finding:
    """Whether the target can take what a server of that version writes."""
    major = project.conn.info.server_version // 10000
    if major > project.target.major:
        note = f"the target has {project.target.major}: POSTGRES_VERSION={major} in .env, before anything is in it"
        return Finding("server", f"PostgreSQL {major}", STAYS, note)
    return Finding("server", f"PostgreSQL {major}", MOVES, f"the target has {project.target.major}")
