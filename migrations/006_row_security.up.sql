-- slipway: compatible
-- Who may see what, by the role and the claims that a transaction has taken on: SET LOCAL ROLE authenticated and
-- request.jwt.claims. What has no policy here, and anon everywhere, sees nothing.
-- The policies of before, by app.user_id, stay: the release before this one serves with them while this is applied, and
-- until it is gone. They hold for every role, so each role that reads these tables has to be able to ask that function.

ALTER TABLE profiles VALIDATE CONSTRAINT profiles_user_id_fkey;
ALTER TABLE tasks VALIDATE CONSTRAINT tasks_user_id_fkey;
ALTER TABLE storage_objects VALIDATE CONSTRAINT storage_objects_owner_id_fkey;

GRANT EXECUTE ON FUNCTION app_user_id() TO anon, authenticated, service_role;

CREATE POLICY profiles_of_user ON profiles TO authenticated
    USING (user_id = (SELECT auth.uid()))
    WITH CHECK (user_id = (SELECT auth.uid()));
CREATE POLICY tasks_of_user ON tasks TO authenticated
    USING (user_id = (SELECT auth.uid()))
    WITH CHECK (user_id = (SELECT auth.uid()));
CREATE POLICY storage_objects_of_user ON storage_objects TO authenticated
    USING (owner_id = (SELECT auth.uid()))
    WITH CHECK (owner_id = (SELECT auth.uid()));

COMMENT ON POLICY profiles_own ON profiles IS 'For the release that sets app.user_id; to be dropped after it';
COMMENT ON POLICY tasks_own ON tasks IS 'For the release that sets app.user_id; to be dropped after it';
COMMENT ON POLICY storage_objects_own ON storage_objects IS 'For the release that sets app.user_id; to be dropped after it';

-- The next files validate the constraints and make the index.
ALTER TABLE tasks ADD COLUMN metadata jsonb NOT NULL DEFAULT '{}';
ALTER TABLE tasks
    ADD CONSTRAINT tasks_metadata_object CHECK (jsonb_typeof(metadata) = 'object') NOT VALID,
    ADD CONSTRAINT tasks_metadata_length CHECK (octet_length(metadata::text) <= 16384) NOT VALID;
COMMENT ON COLUMN tasks.metadata IS 'What the client attaches; found by containment';

CREATE TABLE idempotency_keys (
    user_id       uuid NOT NULL REFERENCES auth.users (id) ON DELETE CASCADE,
    key           text NOT NULL,
    request_hash  bytea NOT NULL,
    -- squawk-ignore prefer-bigint-over-int
    status        int,
    headers       jsonb NOT NULL DEFAULT '{}',
    response      jsonb,
    created_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT idempotency_keys_pkey PRIMARY KEY (user_id, key),
    CONSTRAINT idempotency_keys_key_length CHECK (char_length(key) BETWEEN 1 AND 255),
    CONSTRAINT idempotency_keys_hash_length CHECK (octet_length(request_hash) BETWEEN 16 AND 64),
    CONSTRAINT idempotency_keys_status_known CHECK (status BETWEEN 100 AND 599),
    CONSTRAINT idempotency_keys_headers_object CHECK (jsonb_typeof(headers) = 'object')
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);
ALTER TABLE idempotency_keys ENABLE ROW LEVEL SECURITY;
CREATE POLICY idempotency_keys_of_user ON idempotency_keys TO authenticated
    USING (user_id = (SELECT auth.uid()))
    WITH CHECK (user_id = (SELECT auth.uid()));
-- For the app by itself, which acts as nobody then: DELETE without a condition reads no row, and removes these alone.
CREATE POLICY idempotency_keys_expired ON idempotency_keys FOR DELETE
    USING (created_at < now() - interval '24 hours');
COMMENT ON TABLE idempotency_keys IS 'Answers to requests that may be sent twice; status is null while the first is worked on';
COMMENT ON COLUMN idempotency_keys.request_hash IS 'Of the request: the same key with another one is refused';

GRANT SELECT, INSERT, UPDATE, DELETE ON profiles, tasks, storage_objects, idempotency_keys TO authenticated;
GRANT ALL ON profiles, tasks, storage_objects, idempotency_keys TO service_role;
