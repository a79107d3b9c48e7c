"""psql as the role that migrates: what libpq is told through the environment, because an argument would show."""

from __future__ import annotations

import os
from collections.abc import Mapping
from urllib.parse import unquote, urlsplit


def variables(told: Mapping[str, str]) -> dict[str, str]:
    """PG… variables from MIGRATE_DATABASE_URL and DATABASE_OWNER (PostgreSQL manual, libpq environment variables)."""
    parts = urlsplit(told["MIGRATE_DATABASE_URL"])
    found = {"PGHOST": parts.hostname or "", "PGPORT": str(parts.port or 5432), "PGUSER": unquote(parts.username or ""),
             "PGPASSWORD": unquote(parts.password or ""), "PGDATABASE": unquote(parts.path.lstrip("/"))}
    owner = told.get("DATABASE_OWNER")
    return found | ({"PGOPTIONS": f"-c role={owner}"} if owner else {})


if __name__ == "__main__":
    os.execvpe("psql", ["psql"], os.environ | variables(os.environ))
