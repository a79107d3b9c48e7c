-- Rows of the team's tables. Run by postgres, as owner of all of them, after people.sql. Variable of psql: rows.
update public.profiles set username = lower(full_name) where full_name ~ '^[A-Z][a-z]{2}$' and full_name <> 'Hal';
update public.profiles set is_public = true where full_name = 'Ada';
insert into public.memberships (user_id, org) select id, org from public.profiles where org is not null;
insert into public.memberships values ('00000000-0000-4000-8000-000000000003', 'north', '[2024-01-01,2025-01-01)');

insert into public.tasks (owner_id, org, title, state, labels, details, price, during, embedding, archived)
select ('00000000-0000-4000-8000-00000000000' || who)::uuid, org, title, state::public.task_state, labels, details::jsonb,
    price::public.price, during::tstzrange, case when who = 1 then :'vector'::extensions.vector end, archived
from (values
    (1, 'north', 'Water the plants', 'open', '{home}'::text[], '{"deep": {"n": 1.50, "s": "\u00e9"}}', '(1250,EUR)', '[2024-01-01,2024-02-01)', false),
    (1, 'north', 'Öl nachfüllen', 'won''t do', '{"a,b","c\"d",NULL}', '[]', null, null, true),
    (1, null, 'Private of Ada', 'done', '{}', '{}', '(0,USD)', 'empty', false),
    (2, 'south', E'Two\nlines -- and\n-- dashes', 'doing', '{}', '{"url": "https://abcdefghijklmnopqrst.supabase.co/storage/v1/object/sign/private%20files/x?token=eyJhbGciOiJIUzI1NiJ9.eyJ1cmwiOiJ4In0.c2ln"}', null, '(,)', false),
    (2, null, 'Private of Ben', 'open', '{}', '{}', null, null, false),
    (3, 'north', E'Tab\there, \\N there', 'open', '{}', '{"n": 12345678901234567890.123}', '(99,)', null, false)
) as tasks (who, org, title, state, labels, details, price, during, archived);
insert into public.tags (name) values ('Garden'), ('Kitchen'), ('ÄÖÜ');
insert into public.task_tags (task_id, tag_id) select t.id, g.id from public.tasks t, public.tags g where t.id < 3 and g.id < 3;
select setval('public.tags_id_seq', 500), nextval('public.invoice_numbers'), nextval('public.invoice_numbers');
delete from public.tags where name = 'ÄÖÜ';

insert into public.events (at, kind, payload)
select '2023-12-30'::timestamptz + make_interval(days => n * 17), 'kind ' || n % 3, jsonb_build_object('n', n)
from generate_series(1, 60) n;
insert into public.readings (sensor, at, value, note)
select n % 97, '2024-01-01'::timestamptz + make_interval(secs => n), sin(n), case when n % 10 = 0 then 'note ' || n end
from generate_series(1, :rows) n;
insert into public.readings (sensor, at, value) values (-1, 'infinity', 'NaN'), (-1, '-infinity', '-Infinity');
refresh materialized view public.readings_by_sensor;

insert into public.letters ("Odd Column") values ('first'), (null), (E'\\.'), ('');
insert into public."Übersicht ""quoted""" values (1, 'ä'), (null, null);
insert into billing.invoices (user_id, total, lines) values
    ('00000000-0000-4000-8000-000000000001', '(1999,EUR)', '{"(999,EUR)","(1000,EUR)"}');

select pgmq.send('letters', '{"letter": 5}'), pgmq.send('letters', '{"letter": 10}', 3600), pgmq.send('Mixed Case', '{}');
select pgmq.archive('letters', 1);
select vault.create_secret('sk_live_made_up', 'partner_api_key', 'of the partner''s API'),
    vault.create_secret(E'two\nlines', 'certificate');
-- Large objects are in no table, and in no schema.
insert into public.attachments values (1, lo_from_bytea(4711, decode('00ff2d2d0a', 'hex')));
grant select on large object 4711 to authenticated, reporting;
-- As the team set it in the SQL editor.
alter database postgres set default_statistics_target = 150;
