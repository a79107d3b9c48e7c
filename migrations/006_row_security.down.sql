DROP TABLE idempotency_keys;
ALTER TABLE tasks DROP COLUMN metadata;

REVOKE ALL ON profiles, tasks, storage_objects FROM authenticated, service_role;
REVOKE EXECUTE ON FUNCTION app_user_id() FROM anon, authenticated, service_role;

COMMENT ON POLICY profiles_own ON profiles IS NULL;
COMMENT ON POLICY tasks_own ON tasks IS NULL;
COMMENT ON POLICY storage_objects_own ON storage_objects IS NULL;
DROP POLICY profiles_of_user ON profiles;
DROP POLICY tasks_of_user ON tasks;
DROP POLICY storage_objects_of_user ON storage_objects;

-- As the file before left them.
ALTER TABLE profiles
    DROP CONSTRAINT profiles_user_id_fkey,
    ADD CONSTRAINT profiles_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE NOT VALID;
ALTER TABLE tasks
    DROP CONSTRAINT tasks_user_id_fkey,
    ADD CONSTRAINT tasks_user_id_fkey FOREIGN KEY (user_id) REFERENCES auth.users (id) ON DELETE CASCADE NOT VALID;
ALTER TABLE storage_objects
    DROP CONSTRAINT storage_objects_owner_id_fkey,
    ADD CONSTRAINT storage_objects_owner_id_fkey FOREIGN KEY (owner_id) REFERENCES auth.users (id) ON DELETE RESTRICT NOT VALID;
