"""psql as the role that migrates: what libpq is told through the environment, because an argument would show."""

from __future__ import annotations

import os
from collections.abc import Mapping

# PostgreSQL manual, libpq: connection parameters and the environment variables of the same meaning.
VARIABLES = {
    "host": "PGHOST",
    "hostaddr": "PGHOSTADDR",
    "port": "PGPORT",
    "user": "PGUSER",
    "password": "PGPASSWORD",
    "dbname": "PGDATABASE",
    "options": "PGOPTIONS",
    "sslmode": "PGSSLMODE",
    "sslrootcert": "PGSSLROOTCERT",
    "sslcert": "PGSSLCERT",
    "sslkey": "PGSSLKEY",
    "channel_binding": "PGCHANNELBINDING",
    "target_session_attrs": "PGTARGETSESSIONATTRS",
    "connect_timeout": "PGCONNECT_TIMEOUT",
}


def variables(told: Mapping[str, str]) -> dict[str, str]:
    """PG… variables from MIGRATE_DATABASE_URL, and the role of DATABASE_OWNER to act as."""
    from psycopg.conninfo import conninfo_to_dict

    found = {
        VARIABLES[key]: str(value)
        for key, value in conninfo_to_dict(told["MIGRATE_DATABASE_URL"]).items()
        if key in VARIABLES
    }
    if owner := told.get("DATABASE_OWNER"):
        found["PGOPTIONS"] = " ".join(filter(None, (found.get("PGOPTIONS"), f"-c role={owner}")))
    return found


def main() -> None:
    os.execvpe("psql", ["psql"], os.environ | variables(os.environ))


if __name__ == "__main__":
    main()
