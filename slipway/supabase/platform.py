"""What belongs to Supabase and not to a team: schemas, roles, event triggers, publications, and what stands for each.

The names are those of the platform's own start-up scripts (supabase/postgres) and of what its command-line tool leaves
out of dumps (supabase/cli).
"""

from __future__ import annotations

from collections.abc import Mapping

MOVED = ("auth", "storage")  # the platform's schemas whose rows are the team's
EXTENSIONS = "extensions"
API_ROLES = ("anon", "authenticated", "service_role")  # those that policies and grants of a team name

# What stands for it, by the schema whose functions and tables code may name.
INSTEAD: Mapping[str, str] = {
    "cron": "a schedule of the host or of the app",
    "graphql": "a GraphQL server of your own in front of the app's API",
    "graphql_public": "a GraphQL server of your own in front of the app's API",
    "net": "an outbox table that a worker of the app sends",
    "pgmq": "a queue in the app's own store, or a table read with FOR UPDATE SKIP LOCKED",
    "pgsodium": "pgcrypto, or encryption in the app",
    "pgtle": "the same functions as a migration",
    "realtime": "LISTEN and NOTIFY, or a socket server of the app's",
    "supabase_functions": "an outbox table that a worker of the app sends",
    "vault": "a setting of the app (APP_ENV_NAME in .env)",
}
SCHEMAS = frozenset(
    {
        *MOVED,
        EXTENSIONS,
        *INSTEAD,
        "_analytics",
        "_realtime",
        "_supavisor",
        "dbdev",
        "etl",
        "pgbouncer",
        "pgsodium_masks",
        "repack",
        "supabase_migrations",
    }
)
# Tables in these schemas that may be a team's role's: the command-line program and older projects made them so.
TABLES = frozenset(
    {
        "_realtime.extensions",
        "_realtime.schema_migrations",
        "_realtime.tenants",
        "realtime.messages",
        "realtime.schema_migrations",
        "realtime.subscription",
        "supabase_functions.hooks",
        "supabase_functions.migrations",
        "supabase_migrations.schema_migrations",
        "supabase_migrations.seed_files",
    }
)
# Functions there that older projects have as postgres.
FUNCTIONS = frozenset({"graphql_public.graphql", "pgbouncer.get_auth"})
ROLES = frozenset(
    {
        "anon",
        "authenticated",
        "authenticator",
        "cli_login_postgres",
        "dashboard_user",
        "pgbouncer",
        "pgsodium_keyholder",
        "pgsodium_keyiduser",
        "pgsodium_keymaker",
        "pgtle_admin",
        "postgres",
        "service_role",
    }
)
ROLE_PREFIX = "supabase_"
EVENT_TRIGGERS = frozenset(
    {
        "issue_graphql_placeholder",
        "issue_pg_cron_access",
        "issue_pg_graphql_access",
        "issue_pg_net_access",
        "pgrst_ddl_watch",
        "pgrst_drop_watch",
        "graphql_watch_ddl",
        "graphql_watch_drop",
    }
)
PUBLICATION = "supabase_realtime"
WEBHOOK = "supabase_functions.http_request"


def owns_role(name: str) -> bool:
    """Whether a role is the platform's, or the server's own."""
    return name in ROLES or name.startswith((ROLE_PREFIX, "pg_"))
