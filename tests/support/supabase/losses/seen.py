"""Losses by what people would see or could do otherwise."""

from __future__ import annotations

# What people would see or could do otherwise: SQL, and a sentence of the check of policies.
SEEN: tuple[tuple[str, str], ...] = (
    (
        "alter table public.memberships disable row level security",
        "public.memberships: anon sees 3 rows, in the project sees 0 rows",
    ),
    (
        'drop policy "Pictures are for everybody" on storage.objects',
        "storage.objects: anon sees 0 rows, in the project sees 2 rows",
    ),
    ("revoke select on public.tags from anon", "public.tags: SELECT by anon: refused in the copy alone"),
    (
        "revoke select on public.tags from anon",
        "public.tags: anon gets permission denied for table tags, in the project sees 2 rows",
    ),
    (
        "grant delete on billing.invoices to reporting",
        "billing.invoices: DELETE by reporting: allowed in the copy alone",
    ),
    (
        "revoke select on public.readings_by_sensor from service_role",
        "public.readings_by_sensor: service_role gets permission denied for materialized view readings_by_sensor,"
        " in the project may read it",
    ),
    (
        "create or replace function public.is_admin() returns boolean language sql stable as 'select true'",
        "public.tasks: authenticated 00000000-0000-4000-8000-000000000003 sees 3 rows, in the project sees 2 rows",
    ),
)
