"""Losses of what is defined: tables, columns, code, the database itself."""

from __future__ import annotations

# SQL for an administrator, the check that has to find it, and its sentence. No two touch the same object.
DEFINITIONS: tuple[tuple[str, str, str], ...] = (
    # As if the server had lacked the project's locale; nothing else may change what sorts how.
    (
        "update pg_database set datcollate = 'C' where datname = current_database()",
        "definitions",
        "the database: collation is C, expected C.UTF-8",
    ),
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
)
