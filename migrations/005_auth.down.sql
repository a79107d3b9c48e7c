-- Back to public.users. Passwords, identities and sign-in times have no place there and are lost.
LOCK TABLE auth.users IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE users (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email       text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_email_form CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' AND char_length(email) <= 254)
);
CREATE UNIQUE INDEX users_email_key ON users (lower(email));

-- A user without an address of their own (by phone, anonymous, or of a company's login) gets one that no mail reaches,
-- since their rows elsewhere need them.
INSERT INTO users (id, email, created_at, updated_at)
SELECT id, CASE
        WHEN email ~ '^[^@[:space:]]+@[^@[:space:]]+$' AND char_length(email) <= 254
            AND row_number() OVER (PARTITION BY lower(email) ORDER BY is_sso_user, created_at, id) = 1
        THEN email ELSE id || '@users.invalid' END,
    coalesce(created_at, now()), coalesce(updated_at, created_at, now())
FROM auth.users;

CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY users_self ON users
    USING (id = (SELECT app_user_id()))
    WITH CHECK (id = (SELECT app_user_id()));
COMMENT ON TABLE users IS 'People who can sign in';

ALTER TABLE profiles
    DROP CONSTRAINT profiles_user_id_fkey,
    ADD CONSTRAINT profiles_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
ALTER TABLE tasks
    DROP CONSTRAINT tasks_user_id_fkey,
    ADD CONSTRAINT tasks_user_id_fkey FOREIGN KEY (user_id) REFERENCES users (id) ON DELETE CASCADE;
ALTER TABLE storage_objects
    DROP CONSTRAINT storage_objects_owner_id_fkey,
    ADD CONSTRAINT storage_objects_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES users (id) ON DELETE RESTRICT;

-- Only what the way up has made. The roles stay: other databases of the server may use them. What else was put into the
-- schema, or asks these functions, is in the way, and has to go first.
DO $$
DECLARE
    called text;
BEGIN
    IF obj_description('auth.users'::regclass, 'pg_class') LIKE 'Slipway:%' THEN
        IF obj_description(to_regclass('auth.identities'), 'pg_class') LIKE 'Slipway:%' THEN
            DROP TABLE auth.identities;
        END IF;
        DROP TABLE auth.users;
    END IF;
    FOREACH called IN ARRAY ARRAY['auth.uid()', 'auth.role()', 'auth.email()', 'auth.jwt()'] LOOP
        IF obj_description(to_regprocedure(called), 'pg_proc') LIKE 'Slipway:%' THEN
            EXECUTE 'DROP FUNCTION ' || called;
        END IF;
    END LOOP;
    IF obj_description('auth'::regnamespace, 'pg_namespace') LIKE 'Slipway:%' THEN
        DROP SCHEMA auth;
    END IF;
END
$$;
