"""What the pending migrations will do, before any of them is run: their locks, and what lint finds."""

from __future__ import annotations

from slipway.data import lint, locks
from slipway.data.endpoints import Emit, Endpoints, need
from slipway.errors import SlipwayError


def ahead(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """{"files": [{"file", "tables", "untold", "findings"}], "unlinted": why lint could not look}.

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
            {"file": each.label, **locks.strongest(each.content.decode())}
            | {"findings": [found for found in findings if found["file"] == each.label]}
            for each in sources
        ],
        "unlinted": unlinted,
    }
