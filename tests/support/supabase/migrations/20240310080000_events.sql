-- What grows: partitions, and a table of as many rows as one likes.
create table public.events (
    id bigint generated always as identity,
    at timestamptz not null,
    kind text not null,
    payload jsonb,
    primary key (id, at)
) partition by range (at);
create table public.events_2024 partition of public.events for values from ('2024-01-01') to ('2025-01-01');
create table public.events_2025 partition of public.events for values from ('2025-01-01') to ('2026-01-01');
create table public.events_rest partition of public.events default;
create index events_at on public.events (at);
alter table public.events enable row level security;
create policy "Everybody reads events" on public.events for select to anon, authenticated using (true);

create table public.readings (
    id bigserial primary key,
    sensor integer not null,
    at timestamptz not null,
    value double precision not null,
    note text
);
create index readings_sensor_at on public.readings (sensor, at desc);

create view public.open_tasks with (security_invoker = true) as
    select id, title, owner_id from public.tasks where state = 'open';
create view public.task_counts as select org, count(*) as tasks from public.tasks group by org;
create materialized view public.readings_by_sensor as
    select sensor, count(*) as readings, round(avg(value)::numeric, 3) as mean from public.readings group by sensor;
create unique index readings_by_sensor_key on public.readings_by_sensor (sensor);

create function public.search_tasks(words text, variadic states public.task_state[] default '{open}')
returns setof public.tasks language sql stable as $$
    select * from public.tasks where title ilike '%' || words || '%' and state = any (states);
$$;
create procedure public.refresh_readings() language plpgsql as $$
begin
    refresh materialized view public.readings_by_sensor;
end
$$;
create aggregate public.longest(text) (sfunc = textcat, stype = text, initcond = '');
