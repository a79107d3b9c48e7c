CREATE TABLE profiles (
    user_id       uuid PRIMARY KEY REFERENCES users (id) ON DELETE CASCADE,
    display_name  text NOT NULL,
    bio           text NOT NULL DEFAULT '',
    locale        text NOT NULL DEFAULT 'en',
    time_zone     text NOT NULL DEFAULT 'UTC',
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT profiles_display_name_length CHECK (btrim(display_name) <> '' AND char_length(display_name) <= 100),
    CONSTRAINT profiles_bio_length CHECK (char_length(bio) <= 2000),
    CONSTRAINT profiles_locale_form CHECK (locale ~ '^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$'),
    CONSTRAINT profiles_time_zone_length CHECK (char_length(time_zone) BETWEEN 1 AND 64)
);

CREATE TRIGGER profiles_touch BEFORE UPDATE ON profiles FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

ALTER TABLE profiles ENABLE ROW LEVEL SECURITY;

CREATE POLICY profiles_own ON profiles
    USING (user_id = (SELECT app_user_id()))
    WITH CHECK (user_id = (SELECT app_user_id()));

COMMENT ON TABLE profiles IS 'What a user shows of themselves; at most one for each user';
COMMENT ON COLUMN profiles.locale IS 'Language tag of BCP 47, such as ru or pt-BR';
COMMENT ON COLUMN profiles.time_zone IS 'Name of the IANA time zone database';
