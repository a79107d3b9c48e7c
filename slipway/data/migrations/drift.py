"""Whether the live schema is what the migrations give: they are run on an empty database, and the two are compared."""

from __future__ import annotations

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.migrations import files as migration_files
from slipway.data.migrations import history, migrate, validate
from slipway.data.migrations.interface import Drift, Migrate
from slipway.data.postgres import catalog, connection, copy, scratch
from slipway.data.verb import Nothing
from slipway.errors import MigrationError


def drift(ends: Endpoints, args: Nothing, emit: Emit) -> Drift:
    """Compares the live schema with what the applied migrations give.

    Grants, and extensions that hold no data, are compared on a bundled server only: elsewhere they come from defaults
    and administrators, and from no migration. Nothing of the live database is changed. Where the empty database is of another major version than the live one, a copy of the
    live schema there is compared: each version spells definitions in its own way. Raises MigrationError when a file
    fails on the empty database.
    """
    files, problems = migration_files.read(ends.migrations_dir)
    if problems:
        raise problems[0].error()
    with (
        connection.connect(ends.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway drift") as conn,
        connection.told(MigrationError, f"database {conn.info.dbname}"),
    ):
        made = conn.execute("SELECT to_regclass('slipway.history') IS NOT NULL").fetchone()[0]
        known = history.read(conn) if made else {}
        found, major = catalog.snapshot(conn), conn.info.server_version // 10000
    told = [str(problem) for problem in validate.compare(files, known)]
    wanted, there = expected(ends, max(known, default=None), emit)
    if there != major:
        wanted, found = (catalog.of_any_copy(each) for each in (wanted, copied(ends, emit)))
    if not ends.admin_url:
        wanted, found = (catalog.without_optional(catalog.without_grants(each)) for each in (wanted, found))
    return Drift((*told, *catalog.difference(wanted, found)))


def expected(ends: Endpoints, version: int | None, emit: Emit) -> tuple[catalog.Snapshot, int]:
    """The catalog of an empty database after the migrations up to a version, or of the empty one, and its server's
    major version."""
    with scratch.database(ends) as beside:
        if ends.admin_url:
            scratch.furnish(beside, scratch.database_of(ends))
        if version is not None:
            migrate.migrate(beside, Migrate("slipway drift", "", version), emit)
        return looked_at(beside)


def copied(ends: Endpoints, emit: Emit) -> catalog.Snapshot:
    """The catalog of a copy of the live schema."""
    with scratch.database(ends) as beside:
        copy.copy(ends, beside, emit, rows=False)
        return looked_at(beside)[0]


def looked_at(beside: Endpoints) -> tuple[catalog.Snapshot, int]:
    with connection.connect(beside.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway drift") as conn:
        return catalog.snapshot(conn), conn.info.server_version // 10000
