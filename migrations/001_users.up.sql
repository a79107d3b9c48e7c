-- Row level security, here and in the next files: a row belongs to the user whose id the transaction has put into the
-- setting app.user_id; without it no row is seen and none can be written. It is not FORCEd: the owner of the tables
-- stays exempt, because fixtures, dumps and restores run as the owner and must see every row. The application
-- connects with a role that is not the owner and has no BYPASSRLS.

CREATE FUNCTION app_user_id() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    -- After a transaction that set it, the setting is not absent but empty.
    AS $$ SELECT nullif(current_setting('app.user_id', true), '')::uuid $$;

CREATE FUNCTION touch_updated_at() RETURNS trigger
    LANGUAGE plpgsql
    AS $$
BEGIN
    NEW.updated_at := now();
    RETURN NEW;
END
$$;

CREATE TABLE users (
    id          uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email       text NOT NULL,
    created_at  timestamptz NOT NULL DEFAULT now(),
    updated_at  timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT users_email_form CHECK (email ~ '^[^@[:space:]]+@[^@[:space:]]+$' AND char_length(email) <= 254)
);

CREATE UNIQUE INDEX users_email_key ON users (lower(email));

CREATE TRIGGER users_touch BEFORE UPDATE ON users FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

ALTER TABLE users ENABLE ROW LEVEL SECURITY;

-- The subquery makes Postgres ask for the user once for a statement and not once for a row.
CREATE POLICY users_self ON users
    USING (id = (SELECT app_user_id()))
    WITH CHECK (id = (SELECT app_user_id()));

COMMENT ON TABLE users IS 'People who can sign in';
