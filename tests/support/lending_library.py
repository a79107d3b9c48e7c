"""The migrations of a lending library, as a team writes them over two years: (name, up, down), each down exact.

Every kind of object that a catalog has a word for is made, changed or dropped by one of them at least.
"""

from __future__ import annotations

PAIRS = (
    (
        "branches",
        """
CREATE TABLE branches (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL UNIQUE,
    opened date NOT NULL DEFAULT current_date
);
COMMENT ON TABLE branches IS 'Where books stand; "town" is part of the name';
""",
        "DROP TABLE branches;",
    ),
    (
        "email_domain",
        """
CREATE DOMAIN email AS text CHECK (value ~ '^[^@\\s]+@[^@\\s]+$');
""",
        "DROP DOMAIN email;",
    ),
    (
        "members",
        """
CREATE TABLE members (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    email email NOT NULL,
    name text NOT NULL CHECK (name <> ''),
    joined timestamptz NOT NULL DEFAULT now(),
    settings jsonb NOT NULL DEFAULT '{}'
);
CREATE UNIQUE INDEX members_email ON members (lower(email));
""",
        "DROP TABLE members;",
    ),
    ("book_kinds", "CREATE TYPE kind AS ENUM ('book', 'film', 'map');", "DROP TYPE kind;"),
    (
        "titles",
        """
CREATE TABLE titles (
    isbn text PRIMARY KEY CHECK (length(isbn) IN (10, 13)),
    kind kind NOT NULL DEFAULT 'book',
    title text NOT NULL,
    author text,
    words tsvector GENERATED ALWAYS AS (to_tsvector('simple', title || ' ' || coalesce(author, ''))) STORED
);
CREATE INDEX titles_words ON titles USING gin (words);
""",
        "DROP TABLE titles;",
    ),
    (
        "copies",
        """
CREATE TABLE copies (
    id bigint PRIMARY KEY,
    isbn text NOT NULL REFERENCES titles ON DELETE RESTRICT,
    branch bigint NOT NULL REFERENCES branches ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
);
CREATE SEQUENCE shelf_marks START 1000 INCREMENT 7 CACHE 5 OWNED BY copies.id;
ALTER TABLE copies ALTER COLUMN id SET DEFAULT nextval('shelf_marks');
""",
        "DROP TABLE copies;",
    ),
    (
        "copies_by_branch",
        "-- Other sessions go on meanwhile.\nCREATE INDEX CONCURRENTLY copies_branch ON copies (branch);\n",
        "DROP INDEX CONCURRENTLY copies_branch;",
    ),
    (
        "loans",
        """
CREATE TABLE loans (
    copy bigint NOT NULL REFERENCES copies,
    member bigint NOT NULL REFERENCES members,
    day date NOT NULL,
    back date,
    PRIMARY KEY (copy, day),
    CONSTRAINT back_in_time CHECK (back >= day)
) PARTITION BY RANGE (day);
CREATE TABLE loans_2025 PARTITION OF loans FOR VALUES FROM ('2025-01-01') TO ('2026-01-01');
CREATE TABLE loans_later PARTITION OF loans DEFAULT;
CREATE INDEX loans_open ON loans (member) WHERE back IS NULL;
""",
        "DROP TABLE loans;",
    ),
    (
        "first_rows",
        """
INSERT INTO branches (name) VALUES ('North; south'), ('It''s -- far');
INSERT INTO titles (isbn, title) VALUES ('0000000001', $$Dollars $1 and "quotes"$$), ('0000000002', E'A\\nB');
INSERT INTO members (email, name) VALUES ('ann@example.org', 'Анна');
""",
        "DELETE FROM members;\nDELETE FROM titles;\nDELETE FROM branches;",
    ),
    (
        "open_loans",
        """
CREATE VIEW open_loans WITH (security_barrier) AS
SELECT m.name, l.copy, current_date - l.day AS days FROM loans l JOIN members m ON m.id = l.member WHERE l.back IS NULL;
""",
        "DROP VIEW open_loans;",
    ),
    (
        "due_date",
        """
CREATE FUNCTION due(day date, weeks int DEFAULT 4) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT day + weeks * 7;
END;
""",
        "DROP FUNCTION due(date, int);",
    ),
    (
        "audit",
        """
CREATE SCHEMA audit;
CREATE TABLE audit.changes (at timestamptz NOT NULL DEFAULT clock_timestamp(), what text NOT NULL, old jsonb, new jsonb);
CREATE FUNCTION audit.note() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path = '' AS $body$
BEGIN
    -- one row; for each
    INSERT INTO audit.changes (what, old, new) VALUES (TG_TABLE_NAME, to_jsonb(OLD), to_jsonb(NEW));
    RETURN NULL;
END $body$;
CREATE TRIGGER note AFTER INSERT OR UPDATE OR DELETE ON members FOR EACH ROW EXECUTE FUNCTION audit.note();
""",
        "DROP TRIGGER note ON members;\nDROP SCHEMA audit CASCADE;",
    ),
    (
        "members_see_themselves",
        """
ALTER TABLE members ENABLE ROW LEVEL SECURITY;
CREATE POLICY own_row ON members FOR SELECT USING (email = current_setting('app.email', true));
CREATE POLICY no_guests ON members AS RESTRICTIVE USING (name <> 'guest') WITH CHECK (name <> 'guest');
""",
        "DROP POLICY no_guests ON members;\nDROP POLICY own_row ON members;\n"
        "ALTER TABLE members DISABLE ROW LEVEL SECURITY;",
    ),
    (
        "fines_not_valid",
        "ALTER TABLE copies ADD CONSTRAINT mark_positive CHECK (id > 0) NOT VALID;",
        "ALTER TABLE copies DROP CONSTRAINT mark_positive;",
    ),
    (
        "fines_valid",
        "ALTER TABLE copies VALIDATE CONSTRAINT mark_positive;",
        """
ALTER TABLE copies DROP CONSTRAINT mark_positive;
ALTER TABLE copies ADD CONSTRAINT mark_positive CHECK (id > 0) NOT VALID;
""",
    ),
    (
        "titles_have_pages",
        "ALTER TABLE titles ADD COLUMN pages smallint CHECK (pages > 0);",
        "ALTER TABLE titles DROP COLUMN pages;",
    ),
    (
        "more_pages",
        "ALTER TABLE titles ALTER COLUMN pages TYPE integer;",
        "ALTER TABLE titles ALTER COLUMN pages TYPE smallint;",
    ),
    (
        "rename_opened",
        "ALTER TABLE branches RENAME COLUMN opened TO open_since;",
        "ALTER TABLE branches RENAME COLUMN open_since TO opened;",
    ),
    (
        "popular",
        """
CREATE MATERIALIZED VIEW popular AS SELECT c.isbn, count(*) AS loans FROM loans l JOIN copies c ON c.id = l.copy GROUP BY 1;
CREATE UNIQUE INDEX popular_isbn ON popular (isbn);
""",
        "DROP MATERIALIZED VIEW popular;",
    ),
    (
        "reading_room",
        """
CREATE TYPE opening AS (first time, last time);
CREATE TYPE hours AS RANGE (subtype = time);
CREATE TABLE "Reading Rooms" ("No." int PRIMARY KEY, "open" opening, busy hours);
""",
        'DROP TABLE "Reading Rooms";\nDROP TYPE hours;\nDROP TYPE opening;',
    ),
    (
        "due_in_weeks",
        """
DROP FUNCTION due(date, int);
CREATE FUNCTION due(day date, weeks int DEFAULT 3) RETURNS date LANGUAGE sql IMMUTABLE AS 'SELECT day + weeks * 7; ';
""",
        """
DROP FUNCTION due(date, int);
CREATE FUNCTION due(day date, weeks int DEFAULT 4) RETURNS date
LANGUAGE sql IMMUTABLE PARALLEL SAFE
BEGIN ATOMIC
    SELECT day + weeks * 7;
END;
""",
    ),
    (
        "storage",
        """
ALTER TABLE titles ALTER COLUMN title SET STORAGE EXTERNAL, ALTER COLUMN author SET STATISTICS 500;
CREATE STATISTICS titles_kind_author ON kind, author FROM titles;
ALTER TABLE copies SET (fillfactor = 80), REPLICA IDENTITY FULL;
""",
        """
ALTER TABLE copies RESET (fillfactor), REPLICA IDENTITY DEFAULT;
DROP STATISTICS titles_kind_author;
ALTER TABLE titles ALTER COLUMN title SET STORAGE EXTENDED, ALTER COLUMN author SET STATISTICS -1;
""",
    ),
    ("no_deletes", "CREATE RULE keep AS ON DELETE TO branches DO INSTEAD NOTHING;", "DROP RULE keep ON branches;"),
    (
        "archive",
        """
CREATE PROCEDURE archive(before date) LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM loans WHERE back < before;
END $$;
REVOKE ALL ON PROCEDURE archive(date) FROM PUBLIC;
COMMENT ON PROCEDURE archive(date) IS E'once\\na year';
""",
        "DROP PROCEDURE archive(date);",
    ),
    (
        "loans_2026",
        """
ALTER TABLE loans DETACH PARTITION loans_later;
CREATE TABLE loans_2026 PARTITION OF loans FOR VALUES FROM ('2026-01-01') TO ('2027-01-01');
ALTER TABLE loans ATTACH PARTITION loans_later DEFAULT;
""",
        "DROP TABLE loans_2026;",
    ),
)
