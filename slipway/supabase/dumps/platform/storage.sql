-- Schema storage, which dumps of the Supabase CLI leave out, as its storage server leaves it in mid 2026: the index of the
-- objects, whose bytes are elsewhere. Of its functions those that policies and people call are here.
CREATE SCHEMA storage AUTHORIZATION supabase_admin;
GRANT ALL ON SCHEMA storage TO supabase_storage_admin, dashboard_user;
GRANT USAGE ON SCHEMA storage TO anon, authenticated, service_role, postgres;
set role supabase_storage_admin;
set search_path = storage;

create type buckettype as enum ('STANDARD', 'ANALYTICS', 'VECTOR');

create table migrations (
    id integer primary key,
    name varchar(100) not null constraint migrations_name_key unique,
    hash varchar(40) not null,
    executed_at timestamp default current_timestamp
);

create table buckets (
    id text primary key,
    name text not null,
    owner uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    public boolean default false,
    avif_autodetection boolean default false,
    file_size_limit bigint,
    allowed_mime_types text[],
    owner_id text,
    type buckettype not null default 'STANDARD',
    versioning_status text not null default 'DISABLED'
        constraint buckets_versioning_status_check check (versioning_status in ('DISABLED', 'ENABLED', 'SUSPENDED'))
        constraint buckets_versioning_dark_check check (versioning_status = 'DISABLED'),
    constraint buckets_versioning_standard_only_check check (type = 'STANDARD' or versioning_status = 'DISABLED')
);
create unique index bname on buckets (name);
comment on column buckets.owner is 'Field is deprecated, use owner_id instead';

create table objects (
    id uuid primary key default gen_random_uuid(),
    bucket_id text constraint "objects_bucketId_fkey" references buckets (id),
    name text,
    owner uuid,
    created_at timestamptz default now(),
    updated_at timestamptz default now(),
    last_accessed_at timestamptz default now(),
    metadata jsonb,
    path_tokens text[] generated always as (string_to_array(name, '/')) stored,
    version text,
    owner_id text,
    user_metadata jsonb,
    archived_at timestamptz,
    is_delete_marker boolean not null default false,
    is_versioned boolean not null default false
);
create unique index bucketid_objname on objects (bucket_id, name);
create index name_prefix_search on objects (name text_pattern_ops);
create index idx_objects_bucket_id_name on objects (bucket_id, name collate "C");
comment on column objects.owner is 'Field is deprecated, use owner_id instead';

create table s3_multipart_uploads (
    id text primary key,
    in_progress_size bigint not null default 0,
    upload_signature text not null,
    bucket_id text not null constraint s3_multipart_uploads_bucket_id_fkey references buckets (id),
    key text not null collate "C",
    version text not null,
    owner_id text,
    created_at timestamptz not null default now(),
    user_metadata jsonb,
    metadata jsonb
);
create index idx_multipart_uploads_list on s3_multipart_uploads (bucket_id, key, created_at);

create table s3_multipart_uploads_parts (
    id uuid primary key default gen_random_uuid(),
    upload_id text not null constraint s3_multipart_uploads_parts_upload_id_fkey
        references s3_multipart_uploads (id) on delete cascade,
    size bigint not null default 0,
    part_number integer not null,
    bucket_id text not null constraint s3_multipart_uploads_parts_bucket_id_fkey references buckets (id),
    key text not null collate "C",
    etag text not null,
    owner_id text,
    version text not null,
    created_at timestamptz not null default now()
);

-- Buckets of the other two types.
create table buckets_analytics (
    name text not null,
    type buckettype not null default 'ANALYTICS',
    format text not null default 'ICEBERG',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now(),
    id uuid primary key default gen_random_uuid(),
    deleted_at timestamptz
);
create unique index buckets_analytics_unique_name_idx on buckets_analytics (name) where deleted_at is null;

create table buckets_vectors (
    id text primary key,
    type buckettype not null default 'VECTOR',
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create table vector_indexes (
    id text primary key default gen_random_uuid(),
    name text not null collate "C",
    bucket_id text not null constraint vector_indexes_bucket_id_fkey references buckets_vectors (id),
    data_type text not null,
    dimension integer not null,
    distance_metric text not null,
    metadata_configuration jsonb,
    created_at timestamptz not null default now(),
    updated_at timestamptz not null default now()
);
create unique index vector_indexes_name_bucket_id_idx on vector_indexes (name, bucket_id);

create function foldername(name text) returns text[] language plpgsql immutable as $$
declare
    tokens text[] := string_to_array(name, '/');
begin
    return tokens[1:cardinality(tokens) - 1];
end
$$;
create function filename(name text) returns text language plpgsql immutable as $$
declare
    tokens text[] := string_to_array(name, '/');
begin
    return tokens[cardinality(tokens)];
end
$$;
create function extension(name text) returns text language plpgsql immutable as $$
begin
    return split_part(storage.filename(name), '.', -1);
end
$$;
create function operation() returns text language plpgsql stable as $$
begin
    return current_setting('storage.operation', true);
end
$$;
create function allow_any_operation(expected_operations text[]) returns boolean language sql stable as $$
    select regexp_replace(storage.operation(), '^storage[.]', '') in (
        select regexp_replace(expected, '^storage[.]', '') from unnest(expected_operations) expected)
$$;
create function allow_only_operation(expected_operation text) returns boolean language sql stable as $$
    select storage.allow_any_operation(array[expected_operation])
$$;
create function get_size_by_bucket() returns table (size bigint, bucket_id text) language plpgsql stable as $$
begin
    return query select sum((o.metadata ->> 'size')::bigint)::bigint, o.bucket_id from storage.objects o group by 2;
end
$$;
create function search(
    prefix text, bucketname text, limits integer default 100, levels integer default 1, offsets integer default 0,
    search text default '', sortcolumn text default 'name', sortorder text default 'asc'
) returns table (
    name text, id uuid, updated_at timestamptz, created_at timestamptz, last_accessed_at timestamptz, metadata jsonb
) language plpgsql stable as $$
begin
    return query
        select o.path_tokens[levels], o.id, o.updated_at, o.created_at, o.last_accessed_at, o.metadata
        from storage.objects o
        where o.bucket_id = bucketname and starts_with(o.name, prefix || search) and cardinality(o.path_tokens) = levels
        order by o.name limit limits offset offsets;
end
$$;

create function update_updated_at_column() returns trigger language plpgsql as $$
begin
    new.updated_at := now();
    return new;
end
$$;
create function enforce_bucket_name_length() returns trigger language plpgsql as $$
begin
    if length(new.name) > 100 then
        raise exception 'bucket name "%" is too long (% characters). Max is 100.', new.name, length(new.name);
    end if;
    return new;
end
$$;
-- Bytes would be left behind: only the server may, which says so first.
create function protect_delete() returns trigger language plpgsql as $$
begin
    if coalesce(current_setting('storage.allow_delete_query', true), 'false') <> 'true' then
        raise insufficient_privilege using message = 'Direct deletion from storage tables is not allowed.';
    end if;
    return null;
end
$$;
create trigger enforce_bucket_name_length_trigger before insert or update of name on buckets
    for each row execute function enforce_bucket_name_length();
create trigger update_objects_updated_at before update on objects
    for each row execute function update_updated_at_column();
create trigger protect_buckets_delete before delete on buckets for each statement execute function protect_delete();
create trigger protect_objects_delete before delete on objects for each statement execute function protect_delete();

do $$
declare
    made text;
begin
    foreach made in array array[
        'migrations', 'buckets', 'objects', 's3_multipart_uploads', 's3_multipart_uploads_parts', 'buckets_analytics',
        'buckets_vectors', 'vector_indexes'
    ] loop
        execute format('alter table %I enable row level security', made);
        execute format('grant all on %I to service_role', made);
    end loop;
end
$$;
revoke all on migrations from service_role;
grant all on buckets, objects to postgres with grant option;
grant all on buckets, objects, buckets_analytics to anon, authenticated;
grant all on s3_multipart_uploads, s3_multipart_uploads_parts, buckets_analytics to postgres;
grant select on s3_multipart_uploads, s3_multipart_uploads_parts, buckets_vectors, vector_indexes to anon, authenticated;
grant select on buckets_vectors, vector_indexes, migrations to postgres;
grant execute on all functions in schema storage to postgres, dashboard_user;
RESET ROLE;
RESET search_path;
