-- Back to public.storage_objects. Buckets, versions, and objects without a size or an owner among the users have no place
-- there and are lost; the bytes stay in the store.
DO $$
BEGIN
    IF obj_description('auth.users'::regclass, 'pg_class') LIKE 'Slipway:%' THEN
        DROP TRIGGER IF EXISTS users_keep_owners ON auth.users;
    END IF;
END
$$;
DROP FUNCTION keep_owners_of_objects();

CREATE TABLE storage_objects (
    id            uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id      uuid NOT NULL REFERENCES auth.users (id) ON DELETE RESTRICT,
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

INSERT INTO storage_objects (id, owner_id, bucket, key, size, etag, content_type, metadata, created_at, updated_at)
SELECT o.id, u.id, o.bucket_id, o.name, (o.metadata ->> 'size')::bigint, trim(BOTH '"' FROM o.metadata ->> 'eTag'),
    CASE WHEN o.metadata ->> 'mimetype' LIKE '_%/_%' THEN o.metadata ->> 'mimetype' ELSE 'application/octet-stream' END,
    CASE WHEN jsonb_typeof(o.user_metadata) = 'object' THEN o.user_metadata ELSE '{}' END,
    coalesce(o.created_at, now()), coalesce(o.updated_at, o.created_at, now())
FROM storage.objects o JOIN auth.users u ON u.id::text = o.owner_id
WHERE char_length(o.bucket_id) BETWEEN 3 AND 63 AND octet_length(o.name) BETWEEN 1 AND 1024
    AND o.metadata ->> 'size' ~ '^[0-9]{1,18}$' AND trim(BOTH '"' FROM o.metadata ->> 'eTag') <> '';

CREATE TRIGGER storage_objects_touch BEFORE UPDATE ON storage_objects
    FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
ALTER TABLE storage_objects ENABLE ROW LEVEL SECURITY;
CREATE POLICY storage_objects_own ON storage_objects
    USING (owner_id = (SELECT app_user_id()))
    WITH CHECK (owner_id = (SELECT app_user_id()));
CREATE POLICY storage_objects_of_user ON storage_objects TO authenticated
    USING (owner_id = (SELECT auth.uid()))
    WITH CHECK (owner_id = (SELECT auth.uid()));
GRANT SELECT, INSERT, UPDATE, DELETE ON storage_objects TO authenticated;
GRANT ALL ON storage_objects TO service_role;

COMMENT ON TABLE storage_objects IS 'Index of the objects in the S3 store: which there are, and whose they are';
COMMENT ON COLUMN storage_objects.key IS 'Key within the bucket; S3 allows 1024 bytes';
COMMENT ON COLUMN storage_objects.size IS 'Bytes';
COMMENT ON COLUMN storage_objects.etag IS 'As the store gave it, without the quotes';
COMMENT ON POLICY storage_objects_own ON storage_objects IS 'For the release that sets app.user_id; to be dropped after it';

DROP TABLE storage_uploads;

-- Only what the way up has made. What else was put into the schema, or asks these functions, is in the way, and has to go
-- first.
DO $$
DECLARE
    made text;
BEGIN
    FOREACH made IN ARRAY ARRAY['storage.objects', 'storage.buckets'] LOOP
        BEGIN
            EXECUTE format('DROP POLICY IF EXISTS slipway_files ON %s', made);
            EXECUTE format('DROP POLICY IF EXISTS slipway_addresses ON %s', made);
        EXCEPTION WHEN insufficient_privilege THEN
            RAISE NOTICE '% belongs to another role, and keeps its policies', made;
        END;
        IF obj_description(made::regclass, 'pg_class') LIKE 'Slipway:%' THEN
            EXECUTE format('DROP TABLE %s', made);
        END IF;
    END LOOP;
    IF obj_description(to_regtype('storage.buckettype'), 'pg_type') LIKE 'Slipway:%' THEN
        DROP TYPE storage.buckettype;
    END IF;
    FOREACH made IN ARRAY ARRAY['storage.foldername(text)', 'storage.filename(text)', 'storage.extension(text)'] LOOP
        IF obj_description(to_regprocedure(made), 'pg_proc') LIKE 'Slipway:%' THEN
            EXECUTE 'DROP FUNCTION ' || made;
        END IF;
    END LOOP;
    IF obj_description('storage'::regnamespace, 'pg_namespace') LIKE 'Slipway:%' THEN
        DROP SCHEMA storage;
    END IF;
END
$$;
