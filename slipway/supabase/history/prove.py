"""`supabase.migrations`: an empty database is migrated by the written files, and compared with the copy."""

from __future__ import annotations

import dataclasses
from pathlib import Path

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.migrations import adopt, migrate
from slipway.data.migrations import files as migration_files
from slipway.data.migrations.interface import Adopt, Migrate
from slipway.data.postgres import catalog, connection, scratch
from slipway.errors import MigrationError
from slipway.supabase import platform, references
from slipway.supabase.copying import prelude
from slipway.supabase.history import compare
from slipway.supabase.history.interface import Prove, Proven

BODIES = """
SELECT CASE p.prokind WHEN 'p' THEN 'procedure ' WHEN 'a' THEN 'aggregate ' ELSE 'function ' END || p.oid::regprocedure,
    p.prosrc FROM pg_proc p WHERE p.prosrc ~ %s
"""
PUBLIC = ""  # as lists of rights name it
LOOK = "eyJ|sb_secret_|sb_publishable_|postgres(ql)?://"
ROLES = "SELECT rolname FROM pg_roles WHERE NOT rolcanlogin AND NOT rolsuper AND rolname !~ '^pg_'"


def prove(ends: Endpoints, args: Prove, emit: Emit) -> Proven:
    """Compares, and where nothing differs and `adopt` is asked for records the files in the copy as applied.

    Raises MigrationError where a file fails on the empty database.
    """
    copy = scratch.at(ends, args.database or scratch.database_of(ends))
    copy = dataclasses.replace(copy, migrations_dir=Path(args.folder))
    with connection.connect(copy.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway supabase") as conn:
        with connection.told(MigrationError, f"database {conn.info.dbname}"):
            conn.execute("SET search_path = ''")
            extensions, _ = prelude.wanted(conn, dict(conn.execute(prelude.INSTALLED).fetchall()))
            masked = {name for name, body in conn.execute(BODIES, (LOOK,)) if references.secrets(body)}
            roles = {name for (name,) in conn.execute(ROLES)} - {scratch.owner_of(ends)}
            wanted = catalog.snapshot(conn)
    made = migrated(ends, copy.migrations_dir, extensions, emit)
    counted = {*roles, *platform.API_ROLES, *([PUBLIC] if args.public else [])}
    differences = tuple(references.masked(each) for each in compare.difference(wanted, made, counted, masked))
    version, recorded = None, ()
    if args.adopt and not differences:
        newest = max(each.version for each in migration_files.read(copy.migrations_dir)[0])
        done = adopt.adopt(copy, Adopt(args.by, newest), emit)
        version, recorded = done.version, done.adopted
    return Proven(differences, tuple(sorted(masked)), version, recorded)


def migrated(ends: Endpoints, folder: Path, extensions: dict[str, str], emit: Emit) -> catalog.Snapshot:
    """The catalog of an empty database with the copy's extensions, after all files."""
    with scratch.database(ends) as beside:
        name = scratch.database_of(beside)
        if ends.admin_url:
            scratch.furnish(beside, scratch.database_of(ends))
        with scratch.maker(beside, name) as inside:
            prelude.make_extensions(inside, extensions, scratch.owner_of(ends))
        migrate.migrate(dataclasses.replace(beside, migrations_dir=folder), Migrate("slipway supabase", ""), emit)
        with connection.connect(beside.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway supabase") as conn:
            return catalog.snapshot(conn)
