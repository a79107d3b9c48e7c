"""Losses of what is inside: users, rows, sequences, large objects."""

from __future__ import annotations

# SQL for an administrator, the check that has to find it, and its sentence. No two touch the same object.
CONTENTS: tuple[tuple[str, str, str], ...] = (
    (
        "update auth.users set raw_app_meta_data = raw_app_meta_data - 'org' where email = 'ben@example.org'",
        "logins",
        "user 00000000-0000-4000-8000-000000000002: another raw_app_meta_data",
    ),
    (
        "update auth.users set banned_until = null where email = 'jon@example.org'",
        "logins",
        "user 00000000-0000-4000-8000-000000000012: another banned_until",
    ),
    (
        "delete from auth.users where email = 'nia@example.org'",
        "logins",
        "user 00000000-0000-4000-8000-000000000015: missing",
    ),
    ("delete from public.readings where id = 500", "rows", "public.readings: 1,001 instead of 1,002"),
    (
        "update public.tasks set title = title || ' ' where id = 1",
        "rows",
        "public.tasks: as many, with another content",
    ),
    (
        "update auth.users set encrypted_password = overlay(encrypted_password placing '!' from 30)"
        " where email = 'ada@example.org'",
        "rows",
        "auth.users: 14 instead of 15",
    ),
    ("delete from auth.identities where provider = 'phone'", "rows", "auth.identities: 13 instead of 14"),
    (
        "update storage.buckets set public = true where id = 'Invoices'",
        "rows",
        "storage.buckets: as many, with another content",
    ),
    ('drop table public."Übersicht ""quoted"""', "rows", 'public."Übersicht ""quoted""": missing'),
    (
        "refresh materialized view public.readings_by_sensor with no data",
        "rows",
        "public.readings_by_sensor: not filled",
    ),
    ("select setval('public.tags_id_seq', 2)", "sequences", "public.tags_id_seq: at 2 instead of 500"),
    (
        "alter sequence public.invoice_numbers restart",
        "sequences",
        "public.invoice_numbers: at 1000, not yet given instead of 1020",
    ),
    (
        "select lo_put(oid, 0, 'x') from pg_largeobject_metadata",
        "large objects",
        "large objects: as many, with another content",
    ),
)
