-- Takes MAINTAIN from everybody who is no owner: a server of PostgreSQL 17 or newer reads GRANT ALL as with it, and what an
-- older one dumped did not mean it.
DO $$
DECLARE
    given record;
BEGIN
    FOR given IN
        SELECT format('REVOKE MAINTAIN ON %s FROM %s CASCADE', c.oid::regclass,
            CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END) AS statement
        FROM pg_class c, aclexplode(c.relacl) x
        WHERE x.privilege_type = 'MAINTAIN' AND x.grantee <> c.relowner AND c.relnamespace::regnamespace::text !~ '^pg_'
        UNION
        SELECT format('ALTER DEFAULT PRIVILEGES FOR ROLE %I %s REVOKE MAINTAIN ON TABLES FROM %s', pg_get_userbyid(d.defaclrole),
            CASE d.defaclnamespace WHEN 0 THEN '' ELSE format('IN SCHEMA %s', d.defaclnamespace::regnamespace) END,
            CASE x.grantee WHEN 0 THEN 'PUBLIC' ELSE quote_ident(pg_get_userbyid(x.grantee)) END)
        FROM pg_default_acl d, aclexplode(d.defaclacl) x
        WHERE x.privilege_type = 'MAINTAIN' AND x.grantee <> d.defaclrole
    LOOP
        EXECUTE given.statement;
    END LOOP;
END
$$;
