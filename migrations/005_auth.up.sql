-- slipway: compatible
-- Logins as Supabase keeps them: roles, the functions that policies ask who is there, auth.users and auth.identities.
-- Policies and queries that were written for Supabase work unchanged, and so does its own auth server on these tables.
-- What exists is left as it is, so this file runs on Supabase too, where schema auth belongs to somebody else. What is
-- made here has a comment that begins with "Slipway:"; the way back removes only that.

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
        COMMENT ON SCHEMA auth IS 'Slipway: who can sign in, as Supabase keeps it';
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
        COMMENT ON FUNCTION auth.uid() IS 'Slipway: the user of this transaction, or null';
    END IF;
    IF to_regprocedure('auth.role()') IS NULL THEN
        CREATE FUNCTION auth.role() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $f$
            SELECT coalesce(
                nullif(current_setting('request.jwt.claim.role', true), ''),
                nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'role'
            )
        $f$;
        COMMENT ON FUNCTION auth.role() IS 'Slipway: the role that the token of this transaction names, or null';
    END IF;
    IF to_regprocedure('auth.email()') IS NULL THEN
        CREATE FUNCTION auth.email() RETURNS text LANGUAGE sql STABLE PARALLEL SAFE AS $f$
            SELECT coalesce(
                nullif(current_setting('request.jwt.claim.email', true), ''),
                nullif(current_setting('request.jwt.claims', true), '')::jsonb ->> 'email'
            )
        $f$;
        COMMENT ON FUNCTION auth.email() IS 'Slipway: the e-mail address of the user of this transaction, or null';
    END IF;
    IF to_regprocedure('auth.jwt()') IS NULL THEN
        CREATE FUNCTION auth.jwt() RETURNS jsonb LANGUAGE sql STABLE PARALLEL SAFE AS $f$
            SELECT coalesce(
                nullif(current_setting('request.jwt.claim', true), ''),
                nullif(current_setting('request.jwt.claims', true), '')
            )::jsonb
        $f$;
        COMMENT ON FUNCTION auth.jwt() IS 'Slipway: all claims of this transaction, or null';
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
        COMMENT ON TABLE auth.users IS 'Slipway: people who can sign in';
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
        COMMENT ON TABLE auth.identities IS 'Slipway: by which providers a user signs in; provider_id is their id there';
    END IF;
END
$$;

-- The tables of logins are for one role, and for the backup. Everybody else is refused, and would meet row level
-- security without a policy: neither the app by itself nor who makes reports has a reason to see hashes of passwords.
DO $$
DECLARE
    made regclass;
    grantee regrole;
BEGIN
    FOR made IN SELECT c.oid FROM pg_class c WHERE c.relnamespace = 'auth'::regnamespace
        AND c.relname IN ('users', 'identities') AND obj_description(c.oid, 'pg_class') LIKE 'Slipway:%'
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
    IF obj_description('auth'::regnamespace, 'pg_namespace') LIKE 'Slipway:%' THEN
        GRANT USAGE ON SCHEMA auth TO anon, authenticated, service_role, supabase_auth_admin;
        GRANT EXECUTE ON FUNCTION auth.uid(), auth.role(), auth.email(), auth.jwt()
            TO anon, authenticated, service_role, supabase_auth_admin;
    END IF;
END
$$;

-- Everybody has it by being PUBLIC, or ./invoke up has given it, but where a team has closed its schema by hand.
DO $$
DECLARE
    worker text;
BEGIN
    FOREACH worker IN ARRAY ARRAY['anon', 'authenticated', 'service_role'] LOOP
        IF NOT has_schema_privilege(worker, 'public', 'USAGE') THEN
            EXECUTE format('GRANT USAGE ON SCHEMA public TO %I', worker);
        END IF;
    END LOOP;
END
$$;

-- Nobody may sign up between the copy and the moment when the old table is gone.
LOCK TABLE public.users IN SHARE ROW EXCLUSIVE MODE;

-- Addresses in small letters, since logins look for them so; they were unique like that. Supabase's server wants empty
-- tokens rather than none.
INSERT INTO auth.users (instance_id, id, aud, role, email, email_confirmed_at, confirmation_token, recovery_token,
    email_change_token_new, email_change, raw_app_meta_data, raw_user_meta_data, created_at, updated_at)
SELECT '00000000-0000-0000-0000-000000000000', id, 'authenticated', 'authenticated', lower(email), created_at, '', '', '', '',
    '{"provider": "email", "providers": ["email"]}', '{}', created_at, updated_at
FROM public.users
ON CONFLICT DO NOTHING;

INSERT INTO auth.identities (provider_id, user_id, identity_data, provider, created_at, updated_at)
SELECT id, id, jsonb_build_object('sub', id, 'email', lower(email), 'email_verified', true, 'phone_verified', false),
    'email', created_at, updated_at
FROM public.users
ON CONFLICT DO NOTHING;

-- Each key gives way to one that leads elsewhere, in the same statement. The next file validates them: that blocks no writes.
ALTER TABLE profiles
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT profiles_user_id_fkey,
    ADD CONSTRAINT profiles_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE NOT VALID;
ALTER TABLE tasks
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT tasks_user_id_fkey,
    ADD CONSTRAINT tasks_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE NOT VALID;
ALTER TABLE storage_objects
    -- squawk-ignore ban-drop-constraint
    DROP CONSTRAINT storage_objects_owner_id_fkey,
    ADD CONSTRAINT storage_objects_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES auth.users (id) ON DELETE RESTRICT NOT VALID;

-- Its rows are in auth.users, and the release before this one asks it nothing.
-- squawk-ignore ban-drop-table
DROP TABLE public.users;
