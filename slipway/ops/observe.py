"""What is there now, for the plan: one connection, a few reads, no change."""

from __future__ import annotations

from slipway.data import records as state_records
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.fixtures import load as fixtures
from slipway.data.migrations import facts, validate
from slipway.data.migrations import files as migration_files
from slipway.data.objects import buckets
from slipway.data.postgres import connection, external, role_spec, roles
from slipway.data.verb import Nothing
from slipway.errors import MigrationError
from slipway.ops import gateway, releases
from slipway.ops.interface import Current, Observed
from slipway.system import disk


def observe(ends: Endpoints, args: Nothing, emit: Emit) -> Observed:
    """The state of database, files and records."""
    files, wrong = migration_files.read(ends.migrations_dir)
    records, unreadable = state_records.read_all(ends.state_dir)
    seeds, misnamed = seeds_of(ends)
    server, history, loaded, mirror = facts.look(ends)
    misfits = [str(problem) for problem in (*wrong, *validate.compare(files, history or {}))]
    changed, waiting = seeds_against(seeds, loaded)
    archive = archive_state(ends, records) if server.reachable else {}
    return Observed(
        server,
        None if history is None else {str(v): row.sha256 for v, row in sorted(history.items())},
        tuple(each.label for each in migration_files.find_pending(files, history or {})),
        (*misfits, *mirror, *misnamed, *changed, *unreadable),
        tuple(waiting),
        records,
        Current(
            roles_current(records.get("roles", {}), ends),
            objects_current(records.get("objects", {}), ends),
            not archive or not archive["problems"],
        ),
        archive,
        gateway.active(ends, Nothing(), lambda event: None),
        releases.summary(ends),
        disk.room(ends.state_dir),
        external.excess(ends) if server.reachable else (),
    )


def roles_current(record: dict, ends: Endpoints) -> bool:
    """Whether the role split was last made for this database with these passwords; true where it is not ours."""
    if not ends.admin_url:
        return True
    database = connection.parameters(ends.app_database_url, "DATABASE_URL").get("dbname", "")
    return role_spec.is_current(record, database, roles.marked(ends, ends.role_passwords))


def objects_current(record: dict, ends: Endpoints) -> bool:
    """Whether these buckets were made and this store was tried out, with these demands."""
    return (
        buckets.is_current(record, ends)
        and record.get("buckets") == list(ends.s3_buckets)
        and record.get("required") == list(ends.s3_require)
    )


def archive_state(ends: Endpoints, records: dict) -> dict:
    """How far the archive is behind and what is wrong with it, without asking it; empty where PITR is off."""
    if not ends.archive.stanza:
        return {}
    from slipway.data.pitr import archive

    found, record = archive.look(ends), records.get("pitr", {})
    return found | {
        "problems": [
            *archive.problems(found, ends.archive.timeout),
            *archive.unproven(found, record, ends),
            *archive.cut_short(records.get("pitr-restore", {})),
        ]
    }


def seeds_of(ends: Endpoints) -> tuple[tuple[fixtures.Fixture, ...], list[str]]:
    try:
        return fixtures.read(ends.fixtures_dir), []
    except MigrationError as error:
        return (), [str(error)]


def seeds_against(seeds: tuple[fixtures.Fixture, ...], loaded: dict[str, str]) -> tuple[list[str], list[str]]:
    """What is wrong with the fixtures, and which of them the database has not had; none where one cannot be read."""
    try:
        return (
            [str(problem) for problem in fixtures.conflicts(seeds, loaded)],
            [each.label for each in fixtures.find_pending(seeds, loaded)],
        )
    except MigrationError as error:
        return [str(error)], []
