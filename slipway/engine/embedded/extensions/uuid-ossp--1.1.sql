-- Same names, arguments and results as the original (PostgreSQL manual, "uuid-ossp"; RFC 4122).
\echo Use "CREATE EXTENSION \"uuid-ossp\"" to load this file. \quit

CREATE FUNCTION uuid_nil() RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN '00000000-0000-0000-0000-000000000000'::uuid;

CREATE FUNCTION uuid_ns_dns() RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN '6ba7b810-9dad-11d1-80b4-00c04fd430c8'::uuid;

CREATE FUNCTION uuid_ns_url() RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN '6ba7b811-9dad-11d1-80b4-00c04fd430c8'::uuid;

CREATE FUNCTION uuid_ns_oid() RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN '6ba7b812-9dad-11d1-80b4-00c04fd430c8'::uuid;

CREATE FUNCTION uuid_ns_x500() RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE sql
RETURN '6ba7b814-9dad-11d1-80b4-00c04fd430c8'::uuid;

CREATE FUNCTION uuid_generate_v4() RETURNS uuid VOLATILE STRICT PARALLEL SAFE LANGUAGE sql
RETURN pg_catalog.gen_random_uuid();

-- The time in steps of 100 ns since 1582-10-15, of which the clock gives every tenth; a random clock sequence; and a
-- node that is marked as no address of a network card: a random one here, and that of the session below.
CREATE FUNCTION uuid_generate_v1mc() RETURNS uuid VOLATILE STRICT PARALLEL SAFE LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
DECLARE
    ticks bigint := (extract(epoch FROM clock_timestamp()) * 10000000)::bigint + 122192928000000000
        + floor(random() * 10)::bigint;
    chance bytea := uuid_send(gen_random_uuid());
BEGIN
    RETURN encode(
        substr(int8send(ticks), 5, 4) || substr(int8send(ticks), 3, 2)
        || int2send(((ticks >> 48) & 4095 | 4096)::int2)
        || set_byte(substr(chance, 9, 2), 0, get_byte(chance, 8) & 63 | 128)
        || set_byte(substr(chance, 11, 6), 0, get_byte(chance, 10) | 1), 'hex')::uuid;
END $$;

CREATE FUNCTION uuid_generate_v1() RETURNS uuid VOLATILE STRICT PARALLEL SAFE LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
DECLARE
    ticks bigint := (extract(epoch FROM clock_timestamp()) * 10000000)::bigint + 122192928000000000
        + floor(random() * 10)::bigint;
    chance bytea := uuid_send(gen_random_uuid());
    node bytea := substr(sha256(convert_to(pg_postmaster_start_time() || ' ' || pg_backend_pid(), 'UTF8')), 1, 6);
BEGIN
    RETURN encode(
        substr(int8send(ticks), 5, 4) || substr(int8send(ticks), 3, 2)
        || int2send(((ticks >> 48) & 4095 | 4096)::int2)
        || set_byte(substr(chance, 9, 2), 0, get_byte(chance, 8) & 63 | 128)
        || set_byte(node, 0, get_byte(node, 0) | 1), 'hex')::uuid;
END $$;

CREATE FUNCTION uuid_generate_v3(namespace uuid, name text) RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
DECLARE
    digest bytea := decode(md5(uuid_send(namespace) || convert_to(name, getdatabaseencoding())), 'hex');
BEGIN
    digest := set_byte(digest, 6, get_byte(digest, 6) & 15 | 48);
    digest := set_byte(digest, 8, get_byte(digest, 8) & 63 | 128);
    RETURN encode(digest, 'hex')::uuid;
END $$;

-- With SHA-1 (FIPS 180-4), which the server itself does not offer to SQL.
CREATE FUNCTION uuid_generate_v5(namespace uuid, name text) RETURNS uuid IMMUTABLE STRICT PARALLEL SAFE LANGUAGE plpgsql
SET search_path = pg_catalog AS $$
DECLARE
    mask CONSTANT bigint := 4294967295;
    message bytea := uuid_send(namespace) || convert_to(name, getdatabaseencoding());
    bits bigint := length(message) * 8;
    h bigint[] := ARRAY[1732584193, 4023233417, 2562383102, 271733878, 3285377520];
    w bigint[];
    a bigint; b bigint; c bigint; d bigint; e bigint; f bigint; k bigint; step bigint;
    digest bytea := '';
BEGIN
    message := message || '\x80'::bytea;
    WHILE length(message) % 64 <> 56 LOOP
        message := message || '\x00'::bytea;
    END LOOP;
    message := message || int8send(bits);
    FOR block IN 0 .. length(message) / 64 - 1 LOOP
        w := ARRAY[]::bigint[];
        FOR t IN 0 .. 15 LOOP
            w[t] := ('x' || encode(substr(message, block * 64 + t * 4 + 1, 4), 'hex'))::bit(32)::bigint & mask;
        END LOOP;
        FOR t IN 16 .. 79 LOOP
            step := w[t - 3] # w[t - 8] # w[t - 14] # w[t - 16];
            w[t] := ((step << 1) | (step >> 31)) & mask;
        END LOOP;
        a := h[1]; b := h[2]; c := h[3]; d := h[4]; e := h[5];
        FOR t IN 0 .. 79 LOOP
            IF t < 20 THEN
                f := (b & c) | ((mask # b) & d); k := 1518500249;
            ELSIF t < 40 THEN
                f := b # c # d; k := 1859775393;
            ELSIF t < 60 THEN
                f := (b & c) | (b & d) | (c & d); k := 2400959708;
            ELSE
                f := b # c # d; k := 3395469782;
            END IF;
            step := ((((a << 5) | (a >> 27)) & mask) + f + e + k + w[t]) & mask;
            e := d; d := c; c := ((b << 30) | (b >> 2)) & mask; b := a; a := step;
        END LOOP;
        h := ARRAY[(h[1] + a) & mask, (h[2] + b) & mask, (h[3] + c) & mask, (h[4] + d) & mask, (h[5] + e) & mask];
    END LOOP;
    FOR part IN 1 .. 4 LOOP
        digest := digest || substr(int8send(h[part]), 5, 4);
    END LOOP;
    digest := set_byte(digest, 6, get_byte(digest, 6) & 15 | 80);
    digest := set_byte(digest, 8, get_byte(digest, 8) & 63 | 128);
    RETURN encode(digest, 'hex')::uuid;
END $$;
