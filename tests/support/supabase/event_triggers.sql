-- Supabase's own event triggers, by their names: they grant access when an extension is made, and tell the API that its
-- picture of the schema is old. The bodies are stand-ins. Run by supabase_admin after everything else of the platform.

create function extensions.grant_pg_cron_access() returns event_trigger language plpgsql as $$
begin
    if exists (select from pg_event_trigger_ddl_commands() where object_identity = 'pg_cron') then
        grant usage on schema cron to postgres with grant option;
    end if;
end
$$;
create function extensions.grant_pg_net_access() returns event_trigger language plpgsql as $$
begin
    if exists (select from pg_event_trigger_ddl_commands() where object_identity = 'pg_net') then
        grant usage on schema net to postgres, anon, authenticated, service_role;
    end if;
end
$$;
create function extensions.grant_pg_graphql_access() returns event_trigger language plpgsql as $$
begin
    if exists (select from pg_event_trigger_ddl_commands() where object_identity like 'graphql.resolve(%') then
        grant usage on schema graphql to postgres, anon, authenticated, service_role;
    end if;
end
$$;
create function extensions.set_graphql_placeholder() returns event_trigger language plpgsql as $$
begin
    if exists (select from pg_event_trigger_dropped_objects() where object_identity = 'pg_graphql') then
        raise notice 'pg_graphql is gone';
    end if;
end
$$;
create function extensions.pgrst_ddl_watch() returns event_trigger language plpgsql as $$
begin
    notify pgrst, 'reload schema';
end
$$;
create function extensions.pgrst_drop_watch() returns event_trigger language plpgsql as $$
begin
    notify pgrst, 'reload schema';
end
$$;

create event trigger issue_pg_cron_access on ddl_command_end when tag in ('CREATE EXTENSION')
    execute function extensions.grant_pg_cron_access();
create event trigger issue_pg_net_access on ddl_command_end when tag in ('CREATE EXTENSION')
    execute function extensions.grant_pg_net_access();
create event trigger issue_pg_graphql_access on ddl_command_end when tag in ('CREATE FUNCTION')
    execute function extensions.grant_pg_graphql_access();
create event trigger issue_graphql_placeholder on sql_drop when tag in ('DROP EXTENSION')
    execute function extensions.set_graphql_placeholder();
create event trigger pgrst_ddl_watch on ddl_command_end execute function extensions.pgrst_ddl_watch();
create event trigger pgrst_drop_watch on sql_drop execute function extensions.pgrst_drop_watch();
