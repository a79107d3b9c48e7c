-- slipway: compatible
-- The index of the objects as Supabase keeps it: storage.buckets and storage.objects, so that policies and queries that
-- were written for Supabase work unchanged. What exists is left as it is, so this file runs on Supabase too, where schema
-- storage belongs to somebody else. What is made here has a comment that begins with "Slipway:"; the way back removes
-- only that.

DO $$
BEGIN
    IF to_regnamespace('storage') IS NULL THEN
        CREATE SCHEMA storage;
        COMMENT ON SCHEMA storage IS 'Slipway: which objects there are, as Supabase keeps it';
    END IF;
END
$$;

DO $$
BEGIN
    IF to_regprocedure('storage.foldername(text)') IS NULL THEN
        CREATE FUNCTION storage.foldername(name text) RETURNS text[] LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
            SELECT coalesce(trim_array(string_to_array(name, '/'), 1), '{}') WHERE name <> ''
        $f$;
        COMMENT ON FUNCTION storage.foldername(text) IS 'Slipway: the folders that a name begins with';
    END IF;
    IF to_regprocedure('storage.filename(text)') IS NULL THEN
        CREATE FUNCTION storage.filename(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
            SELECT split_part(name, '/', -1)
        $f$;
        COMMENT ON FUNCTION storage.filename(text) IS 'Slipway: what follows the last slash of a name';
    END IF;
    IF to_regprocedure('storage.extension(text)') IS NULL THEN
        CREATE FUNCTION storage.extension(name text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $f$
            SELECT split_part(split_part(name, '/', -1), '.', -1)
        $f$;
        COMMENT ON FUNCTION storage.extension(text) IS 'Slipway: what follows the last dot of a file''s name';
    END IF;
END
$$;

-- Columns and types are Supabase's, so that its rows can be copied in and out as they are.
DO $$
BEGIN
    IF to_regtype('storage.buckettype') IS NULL AND to_regclass('storage.buckets') IS NULL THEN
        CREATE TYPE storage.buckettype AS ENUM ('STANDARD', 'ANALYTICS', 'VECTOR');
        COMMENT ON TYPE storage.buckettype IS 'Slipway: only STANDARD is served';
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
            FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
        ALTER TABLE storage.buckets ENABLE ROW LEVEL SECURITY;
        COMMENT ON TABLE storage.buckets IS 'Slipway: names for groups of objects; all are in the one bucket of S3_BUCKET';
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
            -- squawk-ignore constraint-missing-not-valid
            CONSTRAINT "objects_bucketId_fkey" FOREIGN KEY (bucket_id) REFERENCES storage.buckets (id)
        );
        CREATE UNIQUE INDEX bucketid_objname ON storage.objects (bucket_id, name);
        -- Pages of a listing, in an order that is the same on every server.
        CREATE INDEX idx_objects_bucket_id_name ON storage.objects (bucket_id, name COLLATE "C");
        CREATE INDEX objects_owner_id ON storage.objects (owner_id);
        CREATE TRIGGER update_objects_updated_at BEFORE UPDATE ON storage.objects
            FOR EACH ROW EXECUTE FUNCTION touch_updated_at();
        ALTER TABLE storage.objects ENABLE ROW LEVEL SECURITY;
        COMMENT ON TABLE storage.objects IS 'Slipway: index of the objects; the bytes are at <bucket_id>/<name>/<version>';
        COMMENT ON COLUMN storage.objects.metadata IS 'size, mimetype, eTag and the like, as the store told them';
        COMMENT ON COLUMN storage.objects.owner IS 'As in old projects of Supabase; owner_id is asked';
    END IF;
END
$$;

-- Bytes that no row of storage.objects holds: an upload that goes on, and what was replaced or removed. After expires_at
-- the backend removes them.
CREATE TABLE storage_uploads (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    owner_id       uuid REFERENCES auth.users (id) ON DELETE SET NULL,
    key            text NOT NULL UNIQUE,
    bucket_id      text NOT NULL,
    name           text NOT NULL,
    size           bigint NOT NULL DEFAULT 0,
    content_type   text NOT NULL DEFAULT 'application/octet-stream',
    cache_control  text NOT NULL DEFAULT 'no-cache',
    overwrite      boolean NOT NULL DEFAULT false,
    multipart_id   text,
    created_at     timestamptz NOT NULL DEFAULT now(),
    expires_at     timestamptz NOT NULL DEFAULT now() + interval '1 day',
    CONSTRAINT storage_uploads_size_not_negative CHECK (size >= 0)
);
CREATE INDEX storage_uploads_expires ON storage_uploads (expires_at);
CREATE INDEX storage_uploads_owner ON storage_uploads (owner_id);
ALTER TABLE storage_uploads ENABLE ROW LEVEL SECURITY;
CREATE POLICY storage_uploads_of_user ON storage_uploads TO authenticated
    USING (owner_id = (SELECT auth.uid()))
    WITH CHECK (owner_id = (SELECT auth.uid()));
-- For the app by itself, which has taken on nobody's role.
CREATE POLICY storage_uploads_expired ON storage_uploads
    USING (expires_at <= now() AND current_user = session_user);
GRANT SELECT, INSERT, UPDATE, DELETE ON storage_uploads TO authenticated;
GRANT ALL ON storage_uploads TO service_role;
COMMENT ON TABLE storage_uploads IS 'Bytes in the S3 store that no row of storage.objects holds';
COMMENT ON COLUMN storage_uploads.key IS 'In the bucket of S3_BUCKET';
COMMENT ON COLUMN storage_uploads.multipart_id IS 'The store''s name for an upload in parts';

-- On Supabase they have these already, and its schema is not ours to grant. Policies decide about rows.
DO $$
BEGIN
    IF obj_description('storage'::regnamespace, 'pg_namespace') LIKE 'Slipway:%' THEN
        GRANT USAGE ON SCHEMA storage TO anon, authenticated, service_role;
        GRANT EXECUTE ON FUNCTION storage.foldername(text), storage.filename(text), storage.extension(text)
            TO anon, authenticated, service_role;
    END IF;
    IF obj_description('storage.buckets'::regclass, 'pg_class') LIKE 'Slipway:%' THEN
        GRANT ALL ON storage.buckets TO anon, authenticated, service_role;
        REVOKE TRUNCATE, TRIGGER, REFERENCES ON storage.buckets FROM anon, authenticated;
    END IF;
    IF obj_description('storage.objects'::regclass, 'pg_class') LIKE 'Slipway:%' THEN
        GRANT ALL ON storage.objects TO anon, authenticated, service_role;
        REVOKE TRUNCATE, TRIGGER, REFERENCES ON storage.objects FROM anon, authenticated;
    END IF;
END
$$;

-- Who signed in has their own objects in the bucket files. Public and signed addresses are asked as anon, with the name of
-- the operation in a setting: without it anon sees nothing, so what is public can be read but not listed.
DO $$
BEGIN
    CREATE POLICY slipway_files ON storage.buckets FOR SELECT TO authenticated USING (id = 'files');
    CREATE POLICY slipway_addresses ON storage.buckets FOR SELECT TO anon
        USING (current_setting('storage.operation', true) LIKE 'storage.object.%');
    CREATE POLICY slipway_files ON storage.objects TO authenticated
        USING (bucket_id = 'files' AND owner_id = (SELECT auth.uid())::text)
        WITH CHECK (bucket_id = 'files' AND owner_id = (SELECT auth.uid())::text);
    CREATE POLICY slipway_addresses ON storage.objects FOR SELECT TO anon
        USING (CASE current_setting('storage.operation', true)
            WHEN 'storage.object.get_signed' THEN true
            WHEN 'storage.object.get_public' THEN
                EXISTS (SELECT FROM storage.buckets b WHERE b.id = objects.bucket_id AND b.public)
            ELSE false END);
EXCEPTION WHEN insufficient_privilege THEN
    RAISE WARNING 'schema storage belongs to another role: make the policies slipway_files and slipway_addresses there yourself';
END
$$;

INSERT INTO storage.buckets (id, name)
SELECT 'files', 'files' UNION SELECT bucket, bucket FROM public.storage_objects
ON CONFLICT DO NOTHING;

LOCK TABLE public.storage_objects IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO storage.objects (id, bucket_id, name, owner, owner_id, created_at, updated_at, last_accessed_at, user_metadata, metadata)
SELECT id, bucket, key, owner_id, owner_id::text, created_at, updated_at, updated_at, metadata, jsonb_build_object(
    'size', size, 'mimetype', content_type, 'eTag', '"' || etag || '"', 'cacheControl', 'no-cache',
    'lastModified', to_char(updated_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"'), 'contentLength', size, 'httpStatusCode', 200)
FROM public.storage_objects
ON CONFLICT DO NOTHING;

-- Its rows are in storage.objects, and the release before this one asks it nothing.
-- squawk-ignore ban-drop-table
DROP TABLE public.storage_objects;

-- With the account gone nobody would know whose objects are left in the store. The owner is text there, as on Supabase,
-- so no key can refuse it.
CREATE FUNCTION keep_owners_of_objects() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $$
BEGIN
    IF EXISTS (SELECT FROM storage.objects WHERE owner_id = OLD.id::text) THEN
        RAISE restrict_violation USING MESSAGE = 'the user has objects in the store';
    END IF;
    RETURN OLD;
END
$$;
COMMENT ON FUNCTION keep_owners_of_objects() IS 'Refuses to remove a user who has objects in the store';
DO $$
BEGIN
    IF obj_description('auth.users'::regclass, 'pg_class') LIKE 'Slipway:%' THEN
        CREATE TRIGGER users_keep_owners BEFORE DELETE ON auth.users
            FOR EACH ROW EXECUTE FUNCTION keep_owners_of_objects();
    END IF;
END
$$;
