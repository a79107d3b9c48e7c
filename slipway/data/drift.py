"""Whether the live schema is what the migrations give: they are run on an empty database, and the two are compared."""

from __future__ import annotations

from slipway.data import catalog, commands, conflicts, history, migrations, pg, throwaway
from slipway.data.endpoints import Emit, Endpoints
from slipway.errors import MigrationError


def drift(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """{"differences": [sentences]}, where "expected" is what the applied migrations give; empty when they agree.

    Grants are compared on a bundled server only: elsewhere many come from defaults that no migration set. Nothing of
    the live database is changed. Raises MigrationError when a file fails on the empty database.
    """
    files, problems = migrations.read(ends.migrations_dir)
    if problems:
        raise problems[0].error()
    with (pg.connect(ends.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway drift") as conn,
          pg.told(MigrationError, f"database {conn.info.dbname}")):
        made = conn.execute("SELECT to_regclass('slipway.history') IS NOT NULL").fetchone()[0]
        known = history.read(conn) if made else {}
        found = catalog.snapshot(conn)
    told = [str(problem) for problem in conflicts.compare(files, known)]
    wanted = expected(ends, max(known, default=None), emit)
    if not ends.admin_url:
        wanted, found = catalog.without_grants(wanted), catalog.without_grants(found)
    return {"differences": told + catalog.difference(wanted, found)}


def expected(ends: Endpoints, version: int | None, emit: Emit) -> catalog.Snapshot:
    """The catalog of an empty database after the migrations up to a version; with none, that of the empty one."""
    with throwaway.database(ends) as beside:
        if ends.admin_url:
            throwaway.furnish(beside, throwaway.database_of(ends))
        if version is not None:
            commands.find("migrate")(beside, {"to": version, "by": "slipway drift"}, emit)
        with pg.connect(beside.migrate_url, "MIGRATE_DATABASE_URL", purpose="slipway drift") as conn:
            return catalog.snapshot(conn)
