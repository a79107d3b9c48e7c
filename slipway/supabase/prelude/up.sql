-- slipway: compatible
-- What Supabase has before a team's first migration, so that they run on a plain Postgres: the roles, auth, storage,
-- extensions, and who gets what on new tables. Written by ./invoke supabase.prelude.
-- What exists is left as it is. What is made here has a comment that begins with "Slipway prelude:"; the way back removes
-- only that.

-- The roles are of the whole server and shared by its databases. ./invoke up and ./invoke db.roles make them before.
DO $$
DECLARE
    wanted text;
    is_new boolean := current_setting('server_version_num')::int >= 160000;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['anon', 'authenticated', 'service_role', 'supabase_auth_admin'] LOOP
        CONTINUE WHEN to_regrole(wanted) IS NOT NULL;
        EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
        -- Who made this database's roles itself connects with one role for everything, which acts as these.
        IF wanted <> 'service_role' THEN
            EXECUTE format('GRANT %I TO CURRENT_USER', wanted) || CASE WHEN is_new THEN ' WITH INHERIT FALSE, SET TRUE' ELSE '' END;
        END IF;
    END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE insufficient_privilege USING
        MESSAGE = format('role %s is not on this server, and %s may not make roles', wanted, current_user),
        HINT = './invoke up makes the roles of a bundled database, ./invoke db.roles those of an external one; then this again';
END
$$;

DO $$
BEGIN
    IF to_regnamespace('auth') IS NULL THEN
        CREATE SCHEMA auth;
        COMMENT ON SCHEMA auth IS 'Slipway prelude: who can sign in, as Supabase keeps it';
    END IF;
END
$$;

-- Who makes a request is in settings of its transaction: each claim in one of its own, or all of them as JSON in
-- request.jwt.claims. After a transaction that set them they are not absent but empty.
DO $$
BEGIN
    IF to_regprocedure('auth.uid()') IS NULL THEN
        CREATE FUNCTION auth.uid() RETURNS uuid LANGUAGE sql STABLE PARALLEL SAFE AS $f$
            SELECT coalesce(
                nullif(current_setting('request.jwt.claim.sub', true), ''),
                nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'sub'
            )::uuid
        $f$;
        COMMENT ON FUNCTION auth.uid() IS 'Slipway prelude: the user of this transaction, or null';
    END IF;
    IF to_regprocedure('auth.role()') IS NULL THEN
        CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $f$
            SELECT coalesce(
                nullif(current_setting('request.jwt.claim.role', true), ''),
                nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
            )
        $f$;
        COMMENT ON FUNCTION auth.role() IS 'Slipway prelude: the role that the token of this transaction names, or null';
    END IF;
    IF to_regprocedure('auth.email()') IS NULL THEN
        CREATE FUNCTION auth.email() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $f$
            SELECT coalesce(
                nullif(current_setting('request.jwt.claim.email', true), ''),
                nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
            )
        $f$;
        COMMENT ON FUNCTION auth.email() IS 'Slipway prelude: the e-mail address of the user of this transaction, or null';
    END IF;
    IF to_regprocedure('auth.jwt()') IS NULL THEN
        CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS $f$
            SELECT coalesce(
                nullif(current_setting('request.jwt.claim', true), ''),
                nullif(current_setting('request.jwt.claims', true), '')
            )::jsonb
        $f$;
        COMMENT ON FUNCTION auth.jwt() IS 'Slipway prelude: all claims of this transaction, or null';
    END IF;
END
$$;

-- Columns and types are Supabase's, so that its rows can be copied in and out as they are.
DO $$
BEGIN
    IF to_regclass('auth.users') IS NULL THEN
        CREATE TABLE auth.users (
            instance_id                  uuid,
            id                           uuid PRIMARY KEY,
            aud                          varchar(255),
            role                         varchar(255),
            email                        varchar(255),
            encrypted_password           varchar(255),
            email_confirmed_at           timestamptz,
            invited_at                   timestamptz,
            confirmation_token           varchar(255),
            confirmation_sent_at         timestamptz,
            recovery_token               varchar(255),
            recovery_sent_at             timestamptz,
            email_change_token_new       varchar(255),
            email_change                 varchar(255),
            email_change_sent_at         timestamptz,
            last_sign_in_at              timestamptz,
            raw_app_meta_data            jsonb,
            raw_user_meta_data           jsonb,
            is_super_admin               boolean,
            created_at                   timestamptz,
            updated_at                   timestamptz,
            phone                        text DEFAULT NULL UNIQUE,
            phone_confirmed_at           timestamptz,
            phone_change                 text DEFAULT '',
            phone_change_token           varchar(255) DEFAULT '',
            phone_change_sent_at         timestamptz,
            confirmed_at                 timestamptz GENERATED ALWAYS AS (least(email_confirmed_at, phone_confirmed_at)) STORED,
            email_change_token_current   varchar(255) DEFAULT '',
            email_change_confirm_status  smallint DEFAULT 0,
            banned_until                 timestamptz,
            reauthentication_token       varchar(255) DEFAULT '',
            reauthentication_sent_at     timestamptz,
            is_sso_user                  boolean NOT NULL DEFAULT false,
            deleted_at                   timestamptz,
            is_anonymous                 boolean NOT NULL DEFAULT false,
            CONSTRAINT users_email_change_confirm_status_check CHECK (email_change_confirm_status BETWEEN 0 AND 2)
        );
        -- Who comes from a company's own login may have the address of somebody who is here already.
        CREATE UNIQUE INDEX users_email_partial_key ON auth.users (email) WHERE NOT is_sso_user;
        COMMENT ON TABLE auth.users IS 'Slipway prelude: people who can sign in';
    END IF;
    IF to_regclass('auth.identities') IS NULL THEN
        CREATE TABLE auth.identities (
            provider_id      text NOT NULL,
            user_id          uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
            identity_data    jsonb NOT NULL,
            provider         text NOT NULL,
            last_sign_in_at  timestamptz,
            created_at       timestamptz,
            updated_at       timestamptz,
            email            text GENERATED ALWAYS AS (lower(identity_data ->> 'email')) STORED,
            id               uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            CONSTRAINT identities_provider_id_provider_unique UNIQUE (provider_id, provider)
        );
        CREATE INDEX identities_user_id_idx ON auth.identities (user_id);
        CREATE INDEX identities_email_idx ON auth.identities (email text_pattern_ops);
        COMMENT ON TABLE auth.identities IS 'Slipway prelude: by which providers a user signs in; provider_id is their id there';
    END IF;
END
$$;

-- The tables of logins are for one role, and for the backup. Nobody else has a reason to see hashes of passwords.
DO $$
DECLARE
    made regclass;
    grantee regrole;
BEGIN
    FOR made IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'auth'::regnamespace
        AND c.relname IN ('users', 'identities') AND obj_description(c.oid, 'pg_class') LIKE 'Slipway prelude:%'
        AND NOT EXISTS (SELECT FROM pg_policy p WHERE p.polrelid = c.oid)
    LOOP
        FOR grantee IN SELECT DISTINCT a.grantee FROM pg_class c, aclexplode(c.relacl) a
            WHERE c.oid = made AND a.grantee NOT IN (0, c.relowner)
            AND NOT EXISTS (SELECT FROM pg_roles r WHERE r.oid = a.grantee AND r.rolname ~ '_backup$')
        LOOP
            EXECUTE format('REVOKE ALL ON %s FROM %s', made, grantee);
        END LOOP;
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', made);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO supabase_auth_admin', made);
        EXECUTE format('CREATE POLICY logins ON %s TO supabase_auth_admin USING (true) WITH CHECK (true)', made);
    END LOOP;
END
$$;

-- On Supabase they have these already, and its schema is not ours to grant.
DO $$
BEGIN
    IF obj_description('auth'::regnamespace, 'pg_namespace') LIKE 'Slipway prelude:%' THEN
        GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role, supabase_auth_admin;
        GRANT EXECUTE ON FUNCTION auth.uid(), auth.role(), auth.email(), auth.jwt()
            TO anon, authenticated, service_role, supabase_auth_admin;
    END IF;
END
$$;

DO $$
BEGIN
    IF to_regnamespace('storage') IS NULL THEN
        CREATE SCHEMA storage;
        COMMENT ON SCHEMA storage IS 'Slipway prelude: which objects there are, as Supabase keeps it';
    END IF;
END
$$;

DO $$
BEGIN
    IF to_regprocedure('storage.foldername(text)') IS NULL THEN
        CREATE FUNCTION storage.foldername(name text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
            SELECT coalesce(trim_array(string_to_array(name, '/'), 1), '{}') WHERE name <> ''
        $f$;
        COMMENT ON FUNCTION storage.foldername(text) IS 'Slipway prelude: the folders that a name begins with';
    END IF;
    IF to_regprocedure('storage.filename(text)') IS NULL THEN
        CREATE FUNCTION storage.filename(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
            SELECT split_part(name, '/', -1)
        $f$;
        COMMENT ON FUNCTION storage.filename(text) IS 'Slipway prelude: what follows the last slash of a name';
    END IF;
    IF to_regprocedure('storage.extension(text)') IS NULL THEN
        CREATE FUNCTION storage.extension(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
            SELECT split_part(split_part(name, '/', -1), '.', -1)
        $f$;
        COMMENT ON FUNCTION storage.extension(text) IS 'Slipway prelude: what follows the last dot of a file''s name';
    END IF;
    IF to_regprocedure('storage.update_updated_at_column()') IS NULL THEN
        CREATE FUNCTION storage.update_updated_at_column() RETURNS trigger LANGUAGE plpgsql AS $f$
        BEGIN
            NEW.updated_at := now();
            RETURN NEW;
        END
        $f$;
        COMMENT ON FUNCTION storage.update_updated_at_column() IS 'Slipway prelude: for triggers';
    END IF;
END
$$;

-- Columns and types are Supabase's, so that its rows can be copied in and out as they are.
DO $$
BEGIN
    IF to_regtype('storage.buckettype') IS NULL AND to_regclass('storage.buckets') IS NULL THEN
        CREATE TYPE storage.buckettype AS ENUM ('STANDARD', 'ANALYTICS', 'VECTOR');
        COMMENT ON TYPE storage.buckettype IS 'Slipway prelude: only STANDARD is served';
    END IF;
    IF to_regclass('storage.buckets') IS NULL THEN
        CREATE TABLE storage.buckets (
            id                  text PRIMARY KEY,
            name                text NOT NULL,
            owner               uuid,
            created_at          timestamptz DEFAULT now(),
            updated_at          timestamptz DEFAULT now(),
            public              boolean DEFAULT false,
            avif_autodetection  boolean DEFAULT false,
            file_size_limit     bigint,
            allowed_mime_types  text[],
            owner_id            text,
            type                storage.buckettype NOT NULL DEFAULT 'STANDARD',
            versioning_status   text NOT NULL DEFAULT 'DISABLED',
            CONSTRAINT buckets_name_length_check CHECK (char_length(name) <= 100)
        );
        CREATE UNIQUE INDEX bname ON storage.buckets (name);
        CREATE TRIGGER update_buckets_updated_at BEFORE UPDATE ON storage.buckets
            FOR EACH ROW EXECUTE FUNCTION storage.update_updated_at_column();
        ALTER TABLE storage.buckets ENABLE ROW LEVEL SECURITY;
        COMMENT ON TABLE storage.buckets IS 'Slipway prelude: names for groups of objects';
    END IF;
    IF to_regclass('storage.objects') IS NULL THEN
        CREATE TABLE storage.objects (
            id                uuid PRIMARY KEY DEFAULT gen_random_uuid(),
            bucket_id         text,
            name              text,
            owner             uuid,
            created_at        timestamptz DEFAULT now(),
            updated_at        timestamptz DEFAULT now(),
            last_accessed_at  timestamptz DEFAULT now(),
            metadata          jsonb,
            path_tokens       text[] GENERATED ALWAYS AS (string_to_array(name, '/')) STORED,
            version           text,
            owner_id          text,
            user_metadata     jsonb,
            archived_at       timestamptz,
            is_delete_marker  boolean NOT NULL DEFAULT false,
            is_versioned      boolean NOT NULL DEFAULT false,
            CONSTRAINT "objects_bucketId_fkey" FOREIGN KEY (bucket_id) REFERENCES storage.buckets (id)
        );
        CREATE UNIQUE INDEX bucketid_objname ON storage.objects (bucket_id, name);
        CREATE INDEX idx_objects_bucket_id_name ON storage.objects (bucket_id, name COLLATE "C");
        CREATE INDEX objects_owner_id ON storage.objects (owner_id);
        CREATE TRIGGER update_objects_updated_at BEFORE UPDATE ON storage.objects
            FOR EACH ROW EXECUTE FUNCTION storage.update_updated_at_column();
        ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY;
        COMMENT ON TABLE storage.objects IS 'Slipway prelude: index of the objects';
    END IF;
END
$$;

-- On Supabase they have these already, and its schema is not ours to grant. Policies decide about rows.
DO $$
BEGIN
    IF obj_description('storage'::regnamespace, 'pg_namespace') LIKE 'Slipway prelude:%' THEN
        GRANT USAGE ON SCHEMA storage TO anon, authenticated, service_role;
        GRANT EXECUTE ON FUNCTION storage.foldername(text), storage.filename(text), storage.extension(text)
            TO anon, authenticated, service_role;
    END IF;
    IF obj_description('storage.buckets'::regclass, 'pg_class') LIKE 'Slipway prelude:%' THEN
        GRANT ALL ON storage.buckets TO anon, authenticated, service_role;
        REVOKE TRUNCATE, TRIGGER, REFERENCES ON storage.buckets FROM anon, authenticated;
    END IF;
    IF obj_description('storage.objects'::regclass, 'pg_class') LIKE 'Slipway prelude:%' THEN
        GRANT ALL ON storage.objects TO anon, authenticated, service_role;
        REVOKE TRUNCATE, TRIGGER, REFERENCES ON storage.objects FROM anon, authenticated;
    END IF;
END
$$;

-- Extensions are in a schema of their own, and found without it.
DO $$
BEGIN
    IF to_regnamespace('extensions') IS NULL THEN
        CREATE SCHEMA extensions;
        COMMENT ON SCHEMA extensions IS 'Slipway prelude: where extensions are, as on Supabase';
    END IF;
    IF pg_has_role((SELECT nspowner FROM pg_namespace WHERE nspname = 'extensions'), 'USAGE') THEN
        GRANT USAGE ON SCHEMA extensions TO anon, authenticated, service_role;
    END IF;
END
$$;

DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY[EXTENSIONS] LOOP
        CONTINUE WHEN EXISTS (SELECT FROM pg_extension WHERE extname = wanted);
        EXECUTE format('CREATE EXTENSION %I SCHEMA extensions CASCADE', wanted);
    END LOOP;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE insufficient_privilege USING
        MESSAGE = format('extension %s: %s may not make it', wanted, current_user),
        HINT = format('as a superuser of the server: CREATE SCHEMA IF NOT EXISTS extensions AUTHORIZATION %I; CREATE EXTENSION %I SCHEMA extensions; then this again', current_user, wanted);
END
$$;

-- Of the database, not of this session: so later files, the app and everybody else find it too.
DO $$
DECLARE
    path text := coalesce((SELECT substr(each, 13) FROM pg_db_role_setting s JOIN pg_database d ON d.oid = s.setdatabase,
        unnest(s.setconfig) each WHERE d.datname = current_database() AND s.setrole = 0 AND each LIKE 'search_path=%'),
        '"$user", public');
BEGIN
    IF NOT 'extensions' = ANY (string_to_array(replace(path, '"', ''), ', ')) THEN
        EXECUTE format('ALTER DATABASE %I SET search_path = %s, extensions', current_database(), path);
    END IF;
END
$$;

-- Who gets what on what the team makes, as in a project of Supabase: everything, and policies decide about rows.
GRANT USAGE ON SCHEMA public TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON FUNCTIONS TO anon, authenticated, service_role;
-- Left out with --explicit.
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON TABLES TO anon, authenticated, service_role;
ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT ALL ON SEQUENCES TO anon, authenticated, service_role;
