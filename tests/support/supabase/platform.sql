-- What else a Supabase project has around the team's own tables. Run by supabase_admin.
--
-- Real: pg_cron, pg_stat_statements and everything of contrib. vector where the system has the package, else a domain of
-- its name. Stand-ins, since they are no package of Debian's: supabase_vault, pg_net, pgmq, pg_graphql, realtime and the
-- webhooks' supabase_functions. Each is a schema with the tables and functions that projects name, with the signatures
-- that they call; pg_net keeps the requests and sends none, vault keeps its secrets unencrypted. So they are not in
-- pg_extension, where a project has them.

create extension "uuid-ossp" schema extensions;
create extension pgcrypto schema extensions;
create extension pg_trgm schema extensions;
create extension citext schema extensions;
create extension moddatetime schema extensions;
create extension pg_stat_statements schema extensions;
create extension postgres_fdw schema extensions;
do $$
begin
    if exists (select from pg_available_extensions where name = 'vector') then
        create extension vector schema extensions;
    else
        create domain extensions.vector as real[];
        comment on domain extensions.vector is 'Stand-in: this system has no package of pgvector';
    end if;
end
$$;
grant usage on foreign data wrapper postgres_fdw to postgres;

create extension pg_cron schema pg_catalog;
grant usage on schema cron to postgres with grant option;
grant select on cron.job to postgres with grant option;
grant all on cron.job_run_details to postgres with grant option;

create publication supabase_realtime;
alter publication supabase_realtime owner to postgres;

-- Vault
create schema vault;
create table vault.secrets (
    id uuid primary key default gen_random_uuid(),
    name text,
    description text not null default '',
    secret text not null,
    key_id uuid,
    nonce bytea default extensions.gen_random_bytes(16),
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index secrets_name_idx on vault.secrets (name) where name is not null;
create view vault.decrypted_secrets as
    select id, name, description, secret, secret as decrypted_secret, key_id, nonce, created_at, updated_at
    from vault.secrets;
create function vault.create_secret(
    new_secret text, new_name text default null, new_description text default '', new_key_id uuid default null
) returns uuid language sql security definer set search_path = '' as $$
    insert into vault.secrets (secret, name, description, key_id)
    values (new_secret, new_name, new_description, new_key_id) returning id
$$;
grant usage on schema vault to postgres with grant option;
grant usage on schema vault to service_role;
grant select, delete on vault.secrets, vault.decrypted_secrets to postgres with grant option;
grant select, delete on vault.secrets, vault.decrypted_secrets to service_role;

-- pg_net
create schema net;
create table net.http_request_queue (
    id bigserial,
    method text not null,
    url text not null,
    headers jsonb,
    body bytea,
    timeout_milliseconds integer not null
);
create table net._http_response (
    id bigint,
    status_code integer,
    content_type text,
    headers jsonb,
    content text,
    timed_out boolean,
    error_msg text,
    created timestamptz not null default now()
);
create function net.http_post(
    url text, body jsonb default '{}', params jsonb default '{}',
    headers jsonb default '{"Content-Type": "application/json"}', timeout_milliseconds integer default 5000
) returns bigint language sql security definer set search_path = net as $$
    insert into http_request_queue (method, url, headers, body, timeout_milliseconds)
    values ('POST', url, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds) returning id
$$;
create function net.http_get(
    url text, params jsonb default '{}', headers jsonb default '{}', timeout_milliseconds integer default 5000
) returns bigint language sql security definer set search_path = net as $$
    insert into http_request_queue (method, url, headers, timeout_milliseconds)
    values ('GET', url, headers, timeout_milliseconds) returning id
$$;
grant usage on schema net to supabase_functions_admin, postgres, anon, authenticated, service_role;
grant select on all tables in schema net to postgres;

-- Database webhooks
create schema supabase_functions authorization supabase_admin;
create table supabase_functions.migrations (version text primary key, inserted_at timestamptz not null default now());
create table supabase_functions.hooks (
    id bigserial primary key,
    hook_table_id integer not null,
    hook_name text not null,
    created_at timestamptz not null default now(),
    request_id bigint
);
create function supabase_functions.http_request() returns trigger
language plpgsql security definer set search_path = supabase_functions as $$
declare
    request bigint;
begin
    request := net.http_post(
        url := tg_argv[0],
        body := jsonb_build_object('type', tg_op, 'table', tg_table_name, 'schema', tg_table_schema,
            'record', case when tg_op <> 'DELETE' then to_jsonb(new) end,
            'old_record', case when tg_op <> 'INSERT' then to_jsonb(old) end),
        headers := tg_argv[2]::jsonb, params := tg_argv[3]::jsonb, timeout_milliseconds := tg_argv[4]::integer);
    insert into hooks (hook_table_id, hook_name, request_id) values (tg_relid::bigint, tg_name, request);
    return coalesce(new, old);
end
$$;
alter function supabase_functions.http_request() owner to supabase_functions_admin;
grant usage on schema supabase_functions to supabase_functions_admin, postgres, anon, authenticated, service_role;
grant all on all tables in schema supabase_functions to supabase_functions_admin, postgres, anon, authenticated, service_role;
grant all on all sequences in schema supabase_functions to supabase_functions_admin, postgres, anon, authenticated, service_role;

-- pgmq
create schema pgmq;
create table pgmq.meta (
    queue_name varchar not null unique,
    is_partitioned boolean not null,
    is_unlogged boolean not null,
    created_at timestamptz not null default now()
);
create function pgmq.create(queue_name text) returns void
language plpgsql security definer set search_path = '' as $$
begin
    execute format('create table pgmq.%I (msg_id bigint generated always as identity primary key,
        read_ct integer not null default 0, enqueued_at timestamptz not null default now(), vt timestamptz not null,
        message jsonb, headers jsonb)', 'q_' || queue_name);
    execute format('create table pgmq.%I (msg_id bigint primary key, read_ct integer not null default 0,
        enqueued_at timestamptz not null default now(), archived_at timestamptz not null default now(),
        vt timestamptz not null, message jsonb, headers jsonb)', 'a_' || queue_name);
    execute format('grant all on pgmq.%I, pgmq.%I to postgres', 'q_' || queue_name, 'a_' || queue_name);
    insert into pgmq.meta values (queue_name, false, false) on conflict do nothing;
end
$$;
create function pgmq.send(queue_name text, msg jsonb, delay integer default 0) returns setof bigint
language plpgsql security definer set search_path = '' as $$
begin
    return query execute format('insert into pgmq.%I (vt, message) values (now() + make_interval(secs => $2), $1)
        returning msg_id', 'q_' || queue_name) using msg, delay;
end
$$;
create function pgmq.archive(queue_name text, msg_id bigint) returns boolean
language plpgsql security definer set search_path = '' as $$
declare
    moved bigint;
begin
    execute format('with gone as (delete from pgmq.%I q where q.msg_id = $1 returning *)
        insert into pgmq.%I (msg_id, read_ct, enqueued_at, vt, message, headers)
        select msg_id, read_ct, enqueued_at, vt, message, headers from gone returning msg_id',
        'q_' || queue_name, 'a_' || queue_name) into moved using msg_id;
    return moved is not null;
end
$$;
grant usage on schema pgmq to postgres;
grant all on pgmq.meta to postgres;

-- pg_graphql
create schema graphql;
create schema graphql_public;
create function graphql.resolve(
    query text, variables jsonb default '{}', "operationName" text default null, extensions jsonb default null
) returns jsonb language sql as $$
    select jsonb_build_object('data', null, 'errors', jsonb_build_array('a stand-in, which resolves nothing'))
$$;
create function graphql_public.graphql(
    "operationName" text default null, query text default null, variables jsonb default null,
    extensions jsonb default null
) returns jsonb language sql as $$
    select graphql.resolve(query := query, variables := variables, "operationName" := "operationName")
$$;
grant usage on schema graphql, graphql_public to postgres, anon, authenticated, service_role;

-- Realtime
create schema realtime authorization supabase_admin;
create table realtime.schema_migrations (version bigint primary key, inserted_at timestamp(0));
create table realtime.messages (
    topic text not null,
    extension text not null,
    payload jsonb,
    event text,
    private boolean default false,
    updated_at timestamp not null default now(),
    inserted_at timestamp not null default now(),
    id uuid not null default gen_random_uuid(),
    primary key (id, inserted_at)
) partition by range (inserted_at);
alter table realtime.messages owner to supabase_realtime_admin;
alter table realtime.messages enable row level security;
create function realtime.topic() returns text language sql stable as $$
    select nullif(current_setting('realtime.topic', true), '')
$$;
create function realtime.send(payload jsonb, event text, topic text, private boolean default true) returns void
language plpgsql as $$
begin
    perform pg_notify('realtime', jsonb_build_object('topic', topic, 'event', event, 'payload', payload)::text);
end
$$;
grant usage on schema realtime to postgres, anon, authenticated, service_role;
grant all on schema realtime to supabase_realtime_admin;
grant select, insert, update on realtime.messages to postgres, anon, authenticated, service_role;

-- The history that the command-line program keeps.
create schema supabase_migrations authorization postgres;
set role postgres;
create table supabase_migrations.schema_migrations (version text primary key, statements text[], name text);
create table supabase_migrations.seed_files (path text primary key, hash text not null);
reset role;

-- As a self-hosted project's first start sets them.
alter database postgres set app.settings.jwt_secret = 'made-up-secret-of-forty-characters-here!';
alter database postgres set app.settings.jwt_exp = '3600';
