-- Only what the way up has made. Roles, extensions and the search_path stay: others may use them. What else was put into the
-- schemas, or asks these functions, is in the way, and has to go first.
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON FUNCTIONS FROM anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON TABLES FROM anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public REVOKE ALL ON SEQUENCES FROM anon, authenticated, service_role;

DO $$
DECLARE
    made text;
BEGIN
    FOREACH made IN ARRAY ARRAY['storage.objects', 'storage.buckets', 'auth.identities', 'auth.users'] LOOP
        IF obj_description(to_regclass(made), 'pg_class') LIKE 'Slipway prelude:%' THEN
            EXECUTE format('DROP TABLE %s', made);
        END IF;
    END LOOP;
    IF obj_description(to_regtype('storage.buckettype'), 'pg_type') LIKE 'Slipway prelude:%' THEN
        DROP TYPE storage.buckettype;
    END IF;
    FOREACH made IN ARRAY ARRAY['storage.foldername(text)', 'storage.filename(text)', 'storage.extension(text)',
        'storage.update_updated_at_column()', 'auth.uid()', 'auth.role()', 'auth.email()', 'auth.jwt()']
    LOOP
        IF obj_description(to_regprocedure(made), 'pg_proc') LIKE 'Slipway prelude:%' THEN
            EXECUTE format('DROP FUNCTION %s', made);
        END IF;
    END LOOP;
    FOREACH made IN ARRAY ARRAY['storage', 'auth'] LOOP
        IF obj_description(to_regnamespace(made), 'pg_namespace') LIKE 'Slipway prelude:%' THEN
            EXECUTE format('DROP SCHEMA %s', made);
        END IF;
    END LOOP;
END
$$;
