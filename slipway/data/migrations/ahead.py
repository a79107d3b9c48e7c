"""What the pending migrations will do, before any of them is run: their locks, what lint finds, and how long a backup takes."""

from __future__ import annotations

from datetime import datetime

from slipway.data.endpoints import Emit, Endpoints, need
from slipway.data.migrations import lint, statement_locks
from slipway.errors import SlipwayError


def ahead(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """{"files": [{"file", "tables", "untold", "findings"}], "unlinted": why lint could not look, "backup": expected}.

    `args["files"]` are the pending files. `tables` are the locks that the text foretells, the strongest first.
    """
    need(ends.migrations_dir, "MIGRATIONS_DIR", "the directory of the migrations")
    names, unlinted, findings = list(args["files"]), "", []
    try:
        findings = lint.lint(ends, {"files": names}, emit)["findings"]
    except SlipwayError as error:
        unlinted = str(error)
    sources = [lint.read(ends.migrations_dir, name) for name in names]
    return {
        "files": [
            {"file": each.label, **statement_locks.strongest(each.content.decode())}
            | {"findings": [found for found in findings if found["file"] == each.label]}
            for each in sources
        ],
        "unlinted": unlinted,
        "backup": expected_backup(ends),
    }


def expected_backup(ends: Endpoints) -> dict | None:
    """{"id", "bytes", "seconds"} of the newest backup of the database: the next one will be much like it. None without one."""
    from slipway.data.backups import folder

    if ends.backup_dir is None:
        return None
    newest = next((each for each in folder.list_backups(ends) if "database" in each.get("parts", ())), None)
    if newest is None:
        return None
    begun, ended = (datetime.fromisoformat(newest[key]) for key in ("begun", "ended"))
    return {
        "id": newest["id"],
        "bytes": sum(file["bytes"] for file in newest["files"].values()),
        "seconds": (ended - begun).total_seconds(),
    }
