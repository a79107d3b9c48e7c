-- As the file before left them.
ALTER TABLE tasks
    DROP CONSTRAINT tasks_metadata_object,
    DROP CONSTRAINT tasks_metadata_length,
    ADD CONSTRAINT tasks_metadata_object CHECK (jsonb_typeof(metadata) = 'object') NOT VALID,
    ADD CONSTRAINT tasks_metadata_length CHECK (octet_length(metadata::text) <= 16384) NOT VALID;
