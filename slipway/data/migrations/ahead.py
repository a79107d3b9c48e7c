"""What the pending migrations will do, before any of them is run: their locks, what lint finds, and how long a backup takes."""

from __future__ import annotations

from datetime import datetime

from slipway.data.endpoints import Emit, Endpoints, need
from slipway.data.migrations import lint, statement_locks
from slipway.data.migrations.foresight import Ahead, Finding, Foretold, LikelyBackup, Lint, Prospect
from slipway.errors import SlipwayError


def ahead(ends: Endpoints, args: Ahead, emit: Emit) -> Foretold:
    """Reads the pending files and runs none of them."""
    need(ends.migrations_dir, "MIGRATIONS_DIR", "the directory of the migrations")
    unlinted, findings = "", tuple[Finding, ...]()
    try:
        findings = lint.lint(ends, Lint(args.files), emit).findings
    except SlipwayError as error:
        unlinted = str(error)
    sources = [lint.read(ends.migrations_dir, name) for name in args.files]
    prospects = (
        Prospect(
            each.label,
            *statement_locks.strongest(each.content.decode()),
            tuple(found for found in findings if found.file == each.label),
        )
        for each in sources
    )
    return Foretold(tuple(prospects), unlinted, expected_backup(ends))


def expected_backup(ends: Endpoints) -> LikelyBackup | None:
    """The newest backup of the database; None without one."""
    from slipway.data.backups import folder

    if ends.backup_dir is None:
        return None
    newest = next((each for each in folder.list_backups(ends) if "database" in each.get("parts", ())), None)
    if newest is None:
        return None
    begun, ended = (datetime.fromisoformat(newest[key]) for key in ("begun", "ended"))
    size = sum(file["bytes"] for file in newest["files"].values())
    return LikelyBackup(newest["id"], size, (ended - begun).total_seconds())
