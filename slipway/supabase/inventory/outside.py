"""What no database knows of a project: it is in the dashboard, and somebody has to carry it over."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.supabase.interface import BY_HAND, MOVES, STAYS, Finding
from slipway.supabase.inventory.project import Project, counted, listed

DASHBOARD = {
    "JWT secret or signing keys": "Project Settings, JWT Keys: tokens that are out stay valid where the app verifies by them",
    "API keys": "Project Settings, API Keys: front ends hold the publishable one, servers the secret one",
    "OAuth providers": "Authentication, Sign In / Providers: client ids and secrets",
    "e-mail server and templates": "Authentication, Emails",
    "site and redirect URLs": "Authentication, URL Configuration",
    "rate limits": "Authentication, Rate Limits",
    "session limits": "Authentication, Sessions: time-box, inactivity, one session a user",
    "auth hooks": "Authentication, Auth Hooks: the database has the functions, not which of them are on",
    "edge functions": "Edge Functions, with their secrets: each becomes part of the app, or a service of its own",
    "exposed schemas and row limit": "Project Settings, Data API",
    "storage access keys": "Storage, Settings, S3 access keys",
    "custom domain, network restrictions": "Project Settings: DNS is what the switch changes",
    "log drains, replicas, scheduled backups": "Project Settings: ./invoke backup has its own schedule",
}
HISTORY = "supabase_migrations.schema_migrations"


def find(project: Project) -> Iterator[Finding]:
    yield from history(project)
    for name, note in DASHBOARD.items():
        yield Finding("dashboard", name, BY_HAND, note)


def history(project: Project) -> Iterator[Finding]:
    """The migrations that the project's own tool has recorded."""
    yield from project.there("migrations", HISTORY)
    if not project.has(HISTORY):
        yield Finding(
            "migrations", "no history", STAYS, "the schema was made by hand: it moves, without how it came to be"
        )
        return
    rows = project.rows(f"SELECT version, to_jsonb(m)->'statements' FROM {HISTORY} m ORDER BY 1")  # noqa: S608
    bare = [version for version, statements in rows if not statements]
    yield Finding(
        "migrations", counted(len(rows), "migration") + " recorded", MOVES, "with their SQL" if not bare else ""
    )
    if bare:
        yield Finding(
            "migrations", f"{len(bare)} without their SQL", BY_HAND, f"{listed(bare)}: from supabase/migrations"
        )
