"""What `proof` asks a restored database of its constraints, indexes and sequences."""

UNVALIDATED = """
SELECT c.conname, format('%I on %s', c.conname, coalesce(nullif(c.conrelid, 0)::regclass::text,
    c.contypid::regtype::text)) FROM pg_constraint c
WHERE NOT c.convalidated AND coalesce((to_jsonb(c) ->> 'conenforced')::bool, true) ORDER BY 2
"""
INVALID = """
SELECT i.indexrelid::regclass::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
WHERE c.relkind = 'i' AND NOT (i.indisvalid AND i.indisready AND i.indislive) ORDER BY 1
"""
CONSTRAINTS = """
SELECT count(*) FILTER (WHERE contype IN ('p', 'u', 'x')), count(*) FILTER (WHERE contype = 'f' AND conparentid = 0)
FROM pg_constraint c JOIN pg_namespace n ON n.oid = c.connamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
"""
INDEXES = """
SELECT count(*) FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'
    AND NOT EXISTS (SELECT FROM pg_constraint k WHERE k.conindid = i.indexrelid AND k.contype IN ('p', 'u', 'x'))
"""
SEQUENCES = (
    "SELECT format('%I.%I', schemaname, sequencename), last_value * sign(increment_by)::int, "
    "sign(increment_by)::int FROM pg_sequences"
)
OWNED = """
SELECT s.oid::regclass::text, d.refobjid::regclass::text, quote_ident(a.attname)
FROM pg_class s JOIN pg_depend d ON d.classid = 'pg_class'::regclass AND d.objid = s.oid AND d.deptype IN ('a', 'i')
    AND d.refclassid = 'pg_class'::regclass AND d.refobjsubid > 0
JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
JOIN pg_sequence q ON q.seqrelid = s.oid AND q.seqincrement > 0
WHERE s.relkind = 'S' AND a.atttypid IN ('int2'::regtype, 'int4'::regtype, 'int8'::regtype)
"""
BTREES = """
SELECT i.indexrelid::regclass::text, i.indexrelid::bigint FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid
JOIN pg_am m ON m.oid = c.relam WHERE m.amname = 'btree' AND c.relkind = 'i' AND i.indisvalid AND i.indisready
    AND c.relpersistence <> 't'
"""
