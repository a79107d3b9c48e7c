-- A second schema, a role of the team's own, another server's table, and a rule about new tables.
create role reporting nologin;
create table billing.invoices (
    number bigint primary key default nextval('public.invoice_numbers'),
    user_id uuid references auth.users (id) on delete set null,
    total public.price not null,
    lines public.price[] not null default '{}',
    issued date not null default current_date
);
create index invoices_month on billing.invoices (extract(year from issued), extract(month from issued));
grant usage on schema billing to reporting;
grant select on billing.invoices to reporting;
alter default privileges in schema billing grant select on tables to reporting;

create server warehouse foreign data wrapper postgres_fdw options (host 'warehouse.example.org', dbname 'facts');
create user mapping for postgres server warehouse options (user 'reader', password 'foreign-secret');
create foreign table billing.archive (number bigint, total numeric) server warehouse options (schema_name 'public');

create function public.warn_of_open_tables() returns event_trigger language plpgsql as $$
declare
    made record;
begin
    for made in select * from pg_event_trigger_ddl_commands() where schema_name = 'public' loop
        raise log 'new table %', made.object_identity;
    end loop;
end
$$;
create event trigger warn_of_open_tables on ddl_command_end
         when tag in ('CREATE TABLE')
   execute function public.warn_of_open_tables();
create rule no_truncation as on delete to billing.invoices where old.issued < '2020-01-01' do instead nothing;
revoke usage on type public.price from public;
grant usage on type public.price to authenticated, reporting;
