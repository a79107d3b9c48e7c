# ruff: noqa: S608 (the parts are constants of this file)
"""The queries of a catalog snapshot: a row for each object: its name, what it belongs to, then its facts.

Column names are the words of the sentences that tell a difference. All of it is documented in the PostgreSQL manual,
"System Catalogs". Members of extensions, our own tables and golang-migrate's are no part of a team's schema.
"""

from __future__ import annotations

MINE = "n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'slipway')"
NO_MEMBER = (
    "NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = '{}'::regclass AND e.objid = {}.oid AND e.deptype = 'e')"
)
RELATION = (
    MINE
    + " AND "
    + NO_MEMBER.format("pg_class", "c")
    + " AND NOT (n.nspname = 'public' AND c.relname IN ('schema_migrations', 'schema_migrations_pkey'))"
)
WORD = (
    "CASE c.relkind WHEN 'v' THEN 'view ' WHEN 'm' THEN 'materialized view ' WHEN 'c' THEN 'type ' "
    "WHEN 'S' THEN 'sequence ' ELSE 'table ' END || c.oid::regclass"
)
OWNER = "pg_get_userbyid({}) AS owner"
GRANTS = "(SELECT array_agg(a::text ORDER BY a::text) FROM unnest(coalesce({0}, acldefault('{1}', {2}))) a) AS grants"

SCHEMAS = f"""
SELECT 'schema ' || quote_ident(n.nspname), NULL, {OWNER.format("n.nspowner")},
    {GRANTS.format("n.nspacl", "n", "n.nspowner")}
FROM pg_namespace n WHERE {MINE} AND {NO_MEMBER.format("pg_namespace", "n")}"""

RELATIONS = f"""
SELECT {WORD}, 'schema ' || quote_ident(n.nspname), c.relkind::text AS kind, {OWNER.format("c.relowner")},
    c.relpersistence::text AS persistence, c.relrowsecurity AS "row security",
    c.relforcerowsecurity AS "forced row security",
    c.relreplident::text AS "replica identity", c.reloptions AS options, c.relispopulated AS populated,
    pg_get_partkeydef(c.oid) AS "partition key", pg_get_expr(c.relpartbound, c.oid) AS "partition bound",
    (SELECT array_agg(i.inhparent::regclass::text ORDER BY i.inhseqno) FROM pg_inherits i
    WHERE i.inhrelid = c.oid) AS parents,
    (SELECT spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace) AS tablespace,
    CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END AS definition,
    CASE WHEN c.relkind <> 'c' THEN
        {GRANTS.format("c.relacl", "r", "c.relowner").removesuffix(" AS grants")} END AS grants
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND {RELATION}"""

# Minor releases since November 2026 (15.20) count the versions of a column among its options.
COLUMNS = f"""
SELECT 'column ' || c.oid::regclass || '.' || quote_ident(a.attname), {WORD},
    row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum) AS position, format_type(a.atttypid, a.atttypmod) AS type,
    a.attnotnull AS "not null", pg_get_expr(d.adbin, d.adrelid) AS "default", a.attidentity::text AS identity,
    a.attgenerated::text AS generated, a.attstorage::text AS storage, a.attcompression::text AS compression,
    CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END AS collation,
    nullif(a.attstattarget, -1) AS "statistics target",
    (SELECT array_agg(o ORDER BY o) FROM unnest(a.attoptions) o WHERE o NOT LIKE 'pg_attver=%') AS options,
    (SELECT array_agg(x::text ORDER BY x::text) FROM unnest(a.attacl) x) AS grants
FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid JOIN pg_namespace n ON n.oid = c.relnamespace
JOIN pg_type t ON t.oid = a.atttypid LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
WHERE a.attnum > 0 AND NOT a.attisdropped AND c.relkind IN ('r', 'p', 'f', 'v', 'm', 'c') AND {RELATION}"""

CONSTRAINTS = f"""
SELECT 'constraint ' || quote_ident(o.conname) || ' of ' || c.oid::regclass, {WORD},
    pg_get_constraintdef(o.oid) AS definition, o.convalidated AS validated, o.conislocal AS "of its own"
FROM pg_constraint o JOIN pg_class c ON c.oid = o.conrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {RELATION}"""

INDEXES = f"""
SELECT 'index ' || i.indexrelid::regclass, {WORD}, pg_get_indexdef(i.indexrelid) AS definition, i.indisvalid AS valid,
    i.indisclustered AS clustered, i.indisreplident AS "replica identity"
FROM pg_index i JOIN pg_class c ON c.oid = i.indrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'p', 'm') AND {RELATION}"""

SEQUENCES = f"""
SELECT {WORD}, 'schema ' || quote_ident(n.nspname), {OWNER.format("c.relowner")}, format_type(s.seqtypid, NULL) AS type,
    s.seqstart AS start, s.seqincrement AS increment, s.seqmin AS minimum, s.seqmax AS maximum, s.seqcache AS cache,
    s.seqcycle AS cycle, (SELECT d.refobjid::regclass || '.' || a.attname FROM pg_depend d JOIN pg_attribute a
        ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid WHERE d.classid = 'pg_class'::regclass
        AND d.objid = c.oid
        AND d.deptype IN ('a', 'i') AND d.refobjsubid > 0) AS "owned by", {GRANTS.format("c.relacl", "s", "c.relowner")}
FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE {RELATION}"""

FUNCTIONS = f"""
SELECT CASE p.prokind WHEN 'p' THEN 'procedure ' WHEN 'a' THEN 'aggregate ' ELSE 'function ' END || p.oid::regprocedure,
    'schema ' || quote_ident(n.nspname), {OWNER.format("p.proowner")}, pg_get_function_result(p.oid) AS result,
    pg_get_function_arguments(p.oid) AS arguments, l.lanname AS language,
    md5(p.prosrc || coalesce(p.probin, '') || coalesce(pg_get_function_sqlbody(p.oid), '')
        || coalesce(g.aggtransfn::text || g.aggfinalfn::text || g.aggcombinefn::text || coalesce(g.agginitval, ''),
        '')) AS body,
    p.provolatile::text AS volatility, p.proisstrict AS strict, p.prosecdef AS "security definer",
    p.proleakproof AS leakproof,
    p.proparallel::text AS parallel, p.proconfig AS settings, p.procost AS cost, p.prorows AS rows,
    {GRANTS.format("p.proacl", "f", "p.proowner")}
FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace JOIN pg_language l ON l.oid = p.prolang
LEFT JOIN pg_aggregate g ON g.aggfnoid = p.oid WHERE {MINE} AND {NO_MEMBER.format("pg_proc", "p")}"""

TRIGGERS = f"""
SELECT 'trigger ' || quote_ident(t.tgname) || ' of ' || c.oid::regclass, {WORD}, pg_get_triggerdef(t.oid) AS definition,
    t.tgenabled::text AS enabled
FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE NOT t.tgisinternal AND {RELATION}"""

RULES = f"""
SELECT 'rule ' || quote_ident(r.rulename) || ' of ' || c.oid::regclass, {WORD}, pg_get_ruledef(r.oid) AS definition,
    r.ev_enabled::text AS enabled
FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE r.rulename <> '_RETURN' AND {RELATION}"""

POLICIES = f"""
SELECT 'policy ' || quote_ident(p.polname) || ' of ' || c.oid::regclass, {WORD}, p.polcmd::text AS command,
    p.polpermissive AS permissive, (SELECT array_agg(CASE r WHEN 0 THEN 'public' ELSE pg_get_userbyid(r)::text END
    ORDER BY 1)
        FROM unnest(p.polroles) r) AS roles,
    pg_get_expr(p.polqual, p.polrelid) AS using, pg_get_expr(p.polwithcheck, p.polrelid) AS "with check"
FROM pg_policy p JOIN pg_class c ON c.oid = p.polrelid JOIN pg_namespace n ON n.oid = c.relnamespace WHERE {RELATION}"""

TYPES = f"""
SELECT CASE t.typtype WHEN 'd' THEN 'domain ' ELSE 'type ' END || t.oid::regtype, 'schema ' || quote_ident(n.nspname),
    t.typtype::text AS kind, {OWNER.format("t.typowner")},
    (SELECT array_agg(e.enumlabel::text ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid) AS labels,
    CASE WHEN t.typtype = 'd' THEN format_type(t.typbasetype, t.typtypmod) END AS base, t.typnotnull AS "not null",
    t.typdefault AS "default", (SELECT format_type(r.rngsubtype, NULL) FROM pg_range r
    WHERE r.rngtypid = t.oid) AS subtype,
    (SELECT array_agg(o.conname || ' ' || pg_get_constraintdef(o.oid) ORDER BY o.conname) FROM pg_constraint o
        WHERE o.contypid = t.oid) AS constraints, {GRANTS.format("t.typacl", "T", "t.typowner")}
FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
WHERE t.typtype IN ('e', 'd', 'r', 'm') AND {MINE} AND {NO_MEMBER.format("pg_type", "t")}"""

EXTENSIONS = """
SELECT 'extension ' || quote_ident(x.extname), NULL, x.extversion AS version, n.nspname AS schema
FROM pg_extension x JOIN pg_namespace n ON n.oid = x.extnamespace"""

PUBLICATIONS = """
SELECT 'publication ' || quote_ident(p.pubname), NULL, p.puballtables AS "all tables", p.pubinsert AS insert,
    p.pubupdate AS update, p.pubdelete AS delete, p.pubtruncate AS truncate,
    (SELECT array_agg(r.prrelid::regclass || coalesce(' columns ' || r.prattrs::text, '')
        || coalesce(' where ' || pg_get_expr(r.prqual, r.prrelid), '') ORDER BY r.prrelid::regclass::text)
        FROM pg_publication_rel r WHERE r.prpubid = p.oid) AS tables,
    (SELECT array_agg(s.pnnspid::regnamespace::text ORDER BY 1) FROM pg_publication_namespace s WHERE s.pnpubid = p.oid)
        AS schemas
FROM pg_publication p"""

EVENT_TRIGGERS = f"""
SELECT 'event trigger ' || quote_ident(v.evtname), NULL, v.evtevent AS event, v.evtfoid::regproc::text AS function,
    v.evtenabled::text AS enabled, v.evttags AS tags FROM pg_event_trigger v
    WHERE {NO_MEMBER.format("pg_event_trigger", "v")}"""

DEFAULT_PRIVILEGES = """
SELECT 'default privileges of ' || quote_ident(pg_get_userbyid(d.defaclrole)) || ' for ' || CASE d.defaclobjtype
        WHEN 'r' THEN 'tables' WHEN 'S' THEN 'sequences' WHEN 'f' THEN 'functions' WHEN 'T' THEN 'types'
        ELSE 'schemas' END
        || coalesce(' in ' || quote_ident(n.nspname), ''), NULL,
    (SELECT array_agg(a::text ORDER BY a::text) FROM unnest(d.defaclacl) a) AS grants
FROM pg_default_acl d LEFT JOIN pg_namespace n ON n.oid = d.defaclnamespace"""

STATISTICS = f"""
SELECT 'statistics ' || quote_ident(n.nspname) || '.' || quote_ident(s.stxname), {WORD},
    pg_get_statisticsobjdef(s.oid) AS definition
FROM pg_statistic_ext s JOIN pg_class c ON c.oid = s.stxrelid JOIN pg_namespace n ON n.oid = s.stxnamespace
    WHERE {RELATION}"""

FOREIGN_SERVERS = f"""
SELECT 'foreign server ' || quote_ident(s.srvname), NULL, {OWNER.format("s.srvowner")}, w.fdwname AS wrapper,
    (SELECT array_agg(split_part(o, '=', 1) || '=' || md5(o) ORDER BY o) FROM unnest(s.srvoptions) o) AS options
FROM pg_foreign_server s JOIN pg_foreign_data_wrapper w ON w.oid = s.srvfdw"""

# Objects made by users have numbers from FirstNormalObjectId (16384) on.
COMMENTS = """
SELECT 'comment on ' || pg_describe_object(d.classoid, d.objoid, d.objsubid), NULL, d.description AS text
FROM pg_description d WHERE d.objoid >= 16384 AND d.classoid <> 'pg_extension'::regclass AND NOT EXISTS (
    SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')
AND d.objoid <> coalesce(to_regnamespace('slipway')::oid, 0)
AND NOT (d.classoid = 'pg_class'::regclass AND d.objoid IN (
    SELECT oid FROM pg_class WHERE relnamespace = to_regnamespace('slipway')
    OR oid = to_regclass('public.schema_migrations')))"""

ALL = (
    SCHEMAS,
    RELATIONS,
    COLUMNS,
    CONSTRAINTS,
    INDEXES,
    SEQUENCES,
    FUNCTIONS,
    TRIGGERS,
    RULES,
    POLICIES,
    TYPES,
    EXTENSIONS,
    PUBLICATIONS,
    EVENT_TRIGGERS,
    DEFAULT_PRIVILEGES,
    STATISTICS,
    FOREIGN_SERVERS,
    COMMENTS,
)
