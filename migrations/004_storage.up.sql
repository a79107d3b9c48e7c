-- Not in a schema named storage: Supabase has one of its own, and this file must run there as well.
CREATE TABLE storage_objects (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    -- RESTRICT: with the row gone nobody would know whose object is left in the bucket. Delete the objects first.
    owner_id      uuid NOT NULL REFERENCES users (id) ON DELETE RESTRICT,
    bucket        text NOT NULL,
    key           text NOT NULL,
    size          bigint NOT NULL,
    etag          text NOT NULL,
    content_type  text NOT NULL DEFAULT 'application/octet-stream',
    metadata      jsonb NOT NULL DEFAULT '{}',
    created_at    timestamptz NOT NULL DEFAULT now(),
    updated_at    timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT storage_objects_bucket_length CHECK (char_length(bucket) BETWEEN 3 AND 63),
    CONSTRAINT storage_objects_key_length CHECK (octet_length(key) BETWEEN 1 AND 1024),
    CONSTRAINT storage_objects_size_not_negative CHECK (size >= 0),
    CONSTRAINT storage_objects_etag_present CHECK (etag <> ''),
    CONSTRAINT storage_objects_content_type_form CHECK (content_type LIKE '_%/_%'),
    CONSTRAINT storage_objects_metadata_object CHECK (jsonb_typeof(metadata) = 'object'),
    CONSTRAINT storage_objects_bucket_key UNIQUE (bucket, key)
);

CREATE INDEX storage_objects_owner ON storage_objects (owner_id, bucket, key);

CREATE TRIGGER storage_objects_touch BEFORE UPDATE ON storage_objects
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();

ALTER TABLE storage_objects ENABLE ROW LEVEL SECURITY;

CREATE POLICY storage_objects_own ON storage_objects
    USING (owner_id = (SELECT app_user_id()))
    WITH CHECK (owner_id = (SELECT app_user_id()));

COMMENT ON TABLE storage_objects IS 'Index of the objects in the S3 store: which there are, and whose they are';
COMMENT ON COLUMN storage_objects.key IS 'Key within the bucket; S3 allows 1024 bytes';
COMMENT ON COLUMN storage_objects.size IS 'Bytes';
COMMENT ON COLUMN storage_objects.etag IS 'As the store gave it, without the quotes';
