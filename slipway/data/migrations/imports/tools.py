"""The tools whose migrations can be taken over, by the names that are typed."""

from __future__ import annotations

from slipway.data.migrations.imports import dbmate, flyway, goose, prisma, sqlx, supabase
from slipway.data.migrations.imports.model import Tool
from slipway.errors import SettingsError

TOOLS = {each.TOOL.name: each.TOOL for each in (goose, dbmate, flyway, sqlx, prisma, supabase)}


def find(name: str) -> Tool:
    """The tool of that name. Raises SettingsError for another, and says that golang-migrate's files need nothing."""
    if name in TOOLS:
        return TOOLS[name]
    if name in ("golang-migrate", "migrate"):
        then = "put them into migrations/ as they are, then ./invoke db.adopt"
    else:
        then = f"./invoke db.import {next(iter(TOOLS))} DIR"
    raise SettingsError("db.import", f'"{name}"', ", ".join(TOOLS), then)
