-- Names, and a profile for everybody who signs up.
create schema billing;
create type public.task_state as enum ('open', 'doing', 'done', 'won''t do');
create domain public.cents as bigint check (value >= 0);
create type public.price as (amount public.cents, currency char(3));

create table public.profiles (
    id uuid primary key references auth.users (id) on delete cascade,
    username extensions.citext unique,
    full_name text,
    avatar_url text default 'https://abcdefghijklmnopqrst.supabase.co/storage/v1/object/public/profile_images/default.png',
    org text,
    is_public boolean not null default false,
    updated_at timestamptz not null default now(),
    constraint username_length check (char_length(username::text) >= 3)
);
comment on table public.profiles is 'One for each user.
-- Filled by a trigger on auth.users; do not insert by hand.';
alter table public.profiles enable row level security;

create function public.handle_new_user() returns trigger
language plpgsql security definer set search_path = '' as $$
begin
    insert into public.profiles (id, full_name, org)
    values (new.id, new.raw_user_meta_data ->> 'name', new.raw_app_meta_data ->> 'org');
    return new;
end;
$$;
create trigger on_auth_user_created after insert on auth.users
    for each row execute function public.handle_new_user();

create trigger profiles_touch before update on public.profiles
    for each row execute function extensions.moddatetime(updated_at);

create policy "Own profile, and public ones" on public.profiles for select
    using (is_public or (select auth.uid()) = id);
create policy "Users insert their own profile" on public.profiles for insert to authenticated
    with check ((select auth.uid()) = id);
create policy "Users update own profile" on public.profiles for update to authenticated
    using ((select auth.uid()) = id) with check ((select auth.uid()) = id);
