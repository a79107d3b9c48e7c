"""Losses to plant in a copy, one of each kind that a move can have, and the sentence by which a proof must name each."""

from __future__ import annotations

# SQL for an administrator, the check that has to find it, and its sentence. No two touch the same object.
LOSSES: tuple[tuple[str, str, str], ...] = (
    # Definitions.
    ("drop index public.tasks_labels", "definitions", "index public.tasks_labels: missing"),
    (
        "drop trigger profiles_touch on public.profiles",
        "definitions",
        "trigger profiles_touch of public.profiles: missing",
    ),
    (
        "drop trigger on_auth_user_created on auth.users",
        "definitions",
        "trigger on_auth_user_created of auth.users: missing",
    ),
    (
        "alter table public.tasks disable trigger tell_room",
        "definitions",
        "trigger tell_room of public.tasks: enabled is D, expected O",
    ),
    (
        'drop policy "Own objects: remove" on storage.objects',
        "definitions",
        'policy "Own objects: remove" of storage.objects: missing',
    ),
    (
        'alter policy "Insert own tasks" on public.tasks with check (true)',
        "definitions",
        'policy "Insert own tasks" of public.tasks: with check is true, expected (owner_id = auth.uid())',
    ),
    (
        'alter policy "Admins remove tasks" on public.tasks to anon',
        "definitions",
        'policy "Admins remove tasks" of public.tasks: roles has also anon and lacks authenticated',
    ),
    (
        "alter table public.memberships disable row level security",
        "definitions",
        "table public.memberships: row security is no, expected yes",
    ),
    (
        "alter table public.uploads force row level security",
        "definitions",
        "table public.uploads: forced row security is yes, expected no",
    ),
    (
        "revoke select on billing.invoices from reporting",
        "definitions",
        "table billing.invoices: grants lacks reporting=r",
    ),
    (
        "revoke execute on function public.search_tasks(text, public.task_state[]) from anon",
        "definitions",
        "function public.search_tasks(text,public.task_state[]): grants lacks anon=X",
    ),
    ("revoke usage on schema billing from reporting", "definitions", "schema billing: grants lacks reporting=U"),
    (
        "revoke usage on sequence public.tags_id_seq from authenticated",
        "definitions",
        "sequence public.tags_id_seq: grants has also authenticated=rw and lacks authenticated=Urw",
    ),
    (
        "alter table public.tasks drop constraint tasks_owner_id_fkey",
        "definitions",
        "constraint tasks_owner_id_fkey of public.tasks: missing",
    ),
    (
        "alter table public.profiles drop constraint username_length",
        "definitions",
        "constraint username_length of public.profiles: missing",
    ),
    (
        "alter table public.readings alter column value drop not null",
        "definitions",
        "column public.readings.value: not null is no, expected yes",
    ),
    (
        "alter table public.letters alter column body set default 'a'",
        "definitions",
        "column public.letters.body: default is 'a'::text, expected 'a -- b'::text",
    ),
    (
        "alter table public.task_tags alter column position drop identity",
        "definitions",
        'column public.task_tags."position": identity is none, expected a',
    ),
    (
        "alter table public.tasks alter column slug drop expression",
        "definitions",
        "column public.tasks.slug: default is none, expected lower(replace(title, ' '::text, '-'::text))",
    ),
    (
        "alter type public.letter_kind rename value '-- plain' to 'plain'",
        "definitions",
        "type public.letter_kind: labels has also plain and lacks -- plain",
    ),
    (
        "alter domain public.cents drop constraint cents_check",
        "definitions",
        "domain public.cents: constraints is none, expected ['cents_check CHECK ((VALUE >= 0))']",
    ),
    (
        "create or replace function public.is_admin() returns boolean language sql stable as 'select true'",
        "definitions",
        "function public.is_admin(): body differs",
    ),
    (
        "alter function public.is_member(text) security invoker",
        "definitions",
        "function public.is_member(text): security definer is no, expected yes",
    ),
    (
        "alter function public.handle_new_user() reset search_path",
        "definitions",
        "function public.handle_new_user(): settings is none, expected ['search_path=\"\"']",
    ),
    (
        "create or replace view public.task_counts as select org, count(*) as tasks from public.tasks where not archived group by org",
        "definitions",
        "view public.task_counts: definition is SELECT org, count(*) AS tasks FROM public.tasks WHERE (NOT archived) GROUP BY org;,"
        " expected SELECT org, count(*) AS tasks FROM public.tasks GROUP BY org;",
    ),
    (
        "alter view public.open_tasks reset (security_invoker)",
        "definitions",
        "view public.open_tasks: options is none, expected ['security_invoker=true']",
    ),
    ("comment on table public.letters is null", "definitions", "comment on table public.letters: missing"),
    (
        "alter table public.tasks replica identity default",
        "definitions",
        "table public.tasks: replica identity is d, expected f",
    ),
    ("drop event trigger warn_of_open_tables", "definitions", "event trigger warn_of_open_tables: missing"),
    (
        "alter role anon in database lost reset statement_timeout",
        "definitions",
        "setting statement_timeout of role anon: missing",
    ),
    (
        "alter database lost reset default_statistics_target",
        "definitions",
        "setting default_statistics_target of the database: missing",
    ),
    (
        "alter role reporting in database lost set work_mem = '1MB'",
        "definitions",
        "setting work_mem of role reporting: value is 1MB, expected 8MB",
    ),
    (
        "alter default privileges for role slipway_owner in schema billing revoke select on tables from reporting",
        "definitions",
        "default privileges for tables in billing: missing",
    ),
    (
        "alter default privileges for role slipway_owner in schema public revoke delete on tables from anon",
        "definitions",
        "default privileges for tables in public: grants has also anon=Dartwx and lacks anon=Dadrtwx",
    ),
    ("drop rule no_truncation on billing.invoices", "definitions", "rule no_truncation of billing.invoices: missing"),
    ("drop function public.template(text)", "definitions", "function public.template(text): missing"),
    ("drop aggregate public.longest(text)", "definitions", "aggregate public.longest(text): missing"),
    (
        "alter sequence public.letters_id_seq increment 1",
        "definitions",
        "sequence public.letters_id_seq: increment is 1, expected 5",
    ),
    (
        "alter sequence public.readings_id_seq owned by none",
        "definitions",
        "sequence public.readings_id_seq: owned by is none, expected public.readings.id",
    ),
    ("drop extension pg_stat_statements", "definitions", "extension pg_stat_statements: missing"),
    ("create table public.more ()", "definitions", "table public.more: there, but not expected"),
    (
        "create collation public.more (locale = 'C')",
        "definitions",
        "collation public.more: there, but not expected",
    ),
    # A secret is not to be shown because it is a difference.
    (
        "alter table public.uploads alter column bucket set default 'eyJhbGciOiJIUzI1NiJ9.eyJyb2xlIjoieCJ9.c2lnbmF0dXJl'",
        "definitions",
        "column public.uploads.bucket: default is '•••'::text, expected none",
    ),
    # Users.
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
    # Rows.
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
    # The rest.
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
# What else such a loss is: what is found twice, from another side.
FOLLOWS = frozenset(
    {
        'definitions: table public."Übersicht ""quoted""": missing',
        "definitions: column public.tasks.slug: generated is none, expected s",
        "definitions: sequence public.task_tags_position_seq: missing",
        "sequences: public.task_tags_position_seq: missing",
        "logins: user 00000000-0000-4000-8000-000000000001: another encrypted_password",
    }
)
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
        "delete from public.readings where sensor = 5; refresh materialized view public.readings_by_sensor",
        "public.readings_by_sensor: service_role sees 97 rows, in the project sees 98 rows",
    ),
    (
        "create or replace function public.is_admin() returns boolean language sql stable as 'select true'",
        "public.tasks: authenticated 00000000-0000-4000-8000-000000000003 sees 3 rows, in the project sees 2 rows",
    ),
)
