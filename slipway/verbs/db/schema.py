"""`db.schema`: the whole schema as one file that reviews can be read against."""

from __future__ import annotations

from slipway.data.postgres.interface import SCHEMA, Schema
from slipway.environment import ROOT, enter
from slipway.errors import VerificationError
from slipway.plan import Silent
from slipway.stack import render
from slipway.system import disk


def run(on: str, reporter, check: bool = False) -> None:
    """Writes schema.sql from the migrated database; with `check` a difference is a VerificationError that shows it."""
    env = enter(on)
    path = ROOT / "schema.sql"
    text = env.engine.inside(SCHEMA, Schema(), Silent()).text
    difference = render.stale({path.name: text}, path.parent)
    if check and difference:
        reporter.line(difference.rstrip("\n"))
        raise VerificationError(
            "schema.sql",
            "not what the migrations give",
            "the schema of the migrated database",
            f"./invoke db.schema{env.flag}",
        )
    if not check and difference:
        disk.replace(path, text, 0o644)
    reporter.done("schema.sql is as the database has it." if not difference else "Wrote schema.sql.")
