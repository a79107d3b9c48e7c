-- Tables of every kind that a change has to be brought for. Run by postgres.
create type public.mood as enum ('low', 'high');
create table public.journal (at timestamptz not null default now(), line text);
create table public.kinds (
    code text primary key, id integer generated always as identity, mood public.mood, amount public.cents,
    twice bigint generated always as (amount * 2) stored, words text[], facts jsonb, cost numeric, share double precision,
    bytes bytea, during tstzrange, price public.price, many public.price[]
);
create table public.pairs (name extensions.citext, at timestamptz, value text, primary key (name, at));
create table public.moods (mood public.mood primary key, n integer);
create table public.slots (id integer primary key, place integer not null unique);
create table public.coded (code uuid not null unique, n integer);
create table public.hens (id integer primary key, egg integer);
create table public.eggs (id integer primary key, hen integer references public.hens deferrable initially deferred);
alter table public.hens add foreign key (egg) references public.eggs deferrable initially deferred;
insert into public.journal (line) values ('one'), ('one'), (null), (E'\\N\t');
insert into public.kinds (code, mood, amount, words, facts, cost, share, bytes, during, price, many) values
    ('A', 'low', 1, '{a,"b,c",NULL}', '{"n": 1.50}', 1.500, 0.1, '\x00ff', '[2024-01-01,2024-02-01)', '(5,EUR)', '{"(5,EUR)"}'),
    ('a', null, null, null, null, 'NaN', '-Infinity', '', 'empty', null, '{}'), ('Ä', 'high', 0, '{}', '[]', 1e20, -0.0, null, null, '(,)', null),
    (E'x\ty', 'high', 7, null, '{}', 0, 1e-300, null, null, null, null), ('', 'low', 2, null, null, null, null, null, null, null, null);
insert into public.pairs select 'Name ' || n, '2024-01-01'::timestamptz + make_interval(secs => n), n from generate_series(1, 30) n;
insert into public.moods values ('low', 1);
insert into public.slots select n, n from generate_series(-20, 5000) n;
insert into public.coded select md5(n::text)::uuid, n from generate_series(1, 30) n;
begin;
insert into public.hens values (1, 1), (2, null);
insert into public.eggs values (1, 1), (2, 1);
commit;
insert into public.attachments select 11, lo_from_bytea(0, 'kept'::bytea) union all select 12, lo_from_bytea(0, 'changed'::bytea);
insert into billing.invoices (total, issued) values ('(1,EUR)', '2019-05-01');
