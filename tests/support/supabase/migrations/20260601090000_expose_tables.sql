-- Only in projects made since 2026-05-30: what the API shows is granted table by table.
grant select, insert, update, delete on public.profiles, public.tasks to authenticated, service_role;
grant select on public.profiles, public.events to anon;
grant select on public.events, public.memberships to authenticated;
grant usage, select on all sequences in schema public to authenticated;
grant execute on function public.search_tasks(text, public.task_state[]) to authenticated;
