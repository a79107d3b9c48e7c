"""Losses of who may do what, and of what sessions begin with."""

from __future__ import annotations

# SQL for an administrator, the check that has to find it, and its sentence. No two touch the same object.
RIGHTS: tuple[tuple[str, str, str], ...] = (
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
        "alter function public.is_member(text) security invoker",
        "definitions",
        "function public.is_member(text): security definer is no, expected yes",
    ),
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
    (
        "revoke select on large object 4711 from reporting",
        "definitions",
        "large object 4711: grants lacks reporting=r",
    ),
    (
        "revoke usage on type public.price from reporting",
        "definitions",
        "type public.price: grants lacks reporting=U",
    ),
)
# In the project: a policy that a copy cannot have, and that hides rows.
RESTRICTING = """create policy "Not by night" on public.tasks as restrictive using (net.http_get('http://clock') > 0)"""
