"""The SQL that makes the role, for the project's SQL editor: nothing here writes to a project. Pure."""

from __future__ import annotations

ROLE = "slipway_app"
BLANK = "PASSWORD"  # to be filled in
# As the platform's own authenticator: it has no right of its own, and acts as who asks, for one transaction.
STATEMENTS = (
    f"CREATE ROLE {ROLE} LOGIN NOINHERIT NOCREATEDB NOCREATEROLE PASSWORD '{BLANK}';",
    f"GRANT anon, authenticated TO {ROLE};",
    f"GRANT service_role TO {ROLE}; -- passes row level security by: leave this line out where the app never acts as it",
    f"ALTER ROLE {ROLE} SET statement_timeout = '8s';",
    f"ALTER ROLE {ROLE} SET lock_timeout = '8s';",
    f"ALTER ROLE {ROLE} SET idle_in_transaction_session_timeout = '60s';",
)
