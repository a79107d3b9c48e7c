"""The lock that a statement's text foretells is the one that a server then holds, and no other table is locked so much."""

from __future__ import annotations

import pytest

from slipway.data.migrations import statement_locks
from slipway.data.rehearsal import locks

SETUP = """
CREATE TABLE a (id int PRIMARY KEY, n int, note text, CONSTRAINT positive CHECK (n > 0) NOT VALID);
CREATE TABLE b (id int PRIMARY KEY, a_id int);
CREATE TABLE parts (id int) PARTITION BY RANGE (id);
CREATE TABLE part (id int);
CREATE VIEW v AS SELECT id FROM a;
CREATE MATERIALIZED VIEW m AS SELECT id FROM a;
CREATE UNIQUE INDEX m_id ON m (id);
CREATE INDEX a_n ON a (n);
CREATE FUNCTION noted() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
CREATE TRIGGER noted BEFORE INSERT ON b FOR EACH ROW EXECUTE FUNCTION noted();
CREATE POLICY own ON b USING (true);
"""
STATEMENTS = """
ALTER TABLE a ADD COLUMN more int
ALTER TABLE a ADD COLUMN b_id int REFERENCES b (id)
ALTER TABLE a ALTER COLUMN n SET NOT NULL, ALTER note SET STATISTICS 5
ALTER TABLE a ALTER COLUMN n SET STATISTICS 100
ALTER TABLE a VALIDATE CONSTRAINT positive
ALTER TABLE a DROP CONSTRAINT positive
ALTER TABLE a RENAME TO c
ALTER TABLE ONLY public.a ENABLE ROW LEVEL SECURITY
ALTER TABLE a SET (fillfactor = 70)
ALTER TABLE b ADD CONSTRAINT to_a FOREIGN KEY (a_id) REFERENCES a (id)
ALTER TABLE b DISABLE TRIGGER noted
ALTER TABLE parts ATTACH PARTITION part FOR VALUES FROM (1) TO (2)
CREATE TABLE more (id int, a_id int REFERENCES a)
CREATE TABLE more PARTITION OF parts FOR VALUES FROM (1) TO (2)
CREATE INDEX ON a (note)
CREATE UNIQUE INDEX i ON public.a (note)
CREATE TRIGGER t AFTER UPDATE ON a FOR EACH ROW EXECUTE FUNCTION noted()
DROP TRIGGER noted ON b
CREATE POLICY more ON a USING (true)
DROP POLICY own ON b
DROP TABLE b
DROP VIEW v
TRUNCATE b
INSERT INTO a VALUES (1, 1)
UPDATE a SET n = 2
DELETE FROM ONLY a WHERE id = 1
COMMENT ON TABLE a IS 'x'
REINDEX TABLE a
REFRESH MATERIALIZED VIEW m
REFRESH MATERIALIZED VIEW CONCURRENTLY m
LOCK TABLE a IN EXCLUSIVE MODE
ANALYZE a
SELECT 1
""".strip().splitlines()
HELD = "SELECT relation, mode FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'relation'"
OTHERS = """
SELECT oid, relname FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm') AND relnamespace = 'public'::regnamespace
"""
WORTH = locks.STRENGTH["RowExclusiveLock"]  # what waits for nothing but schema changes is not foretold


@pytest.fixture(scope="module")
def names() -> dict[str, str]:
    return {locks.spelt(mode): mode for mode in locks.MODES}


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_lock_that_is_foretold_is_the_one_that_is_held(stack, names, statement: str) -> None:
    with stack.connect("admin") as conn:
        conn.execute(SETUP)
        there = dict(conn.execute(OTHERS).fetchall())
        conn.execute("BEGIN")
        conn.execute(statement)
        held: dict[str, str] = {}
        for oid, mode in conn.execute(HELD).fetchall():
            if oid in there and locks.STRENGTH[mode] >= max(WORTH, locks.STRENGTH.get(held.get(there[oid], ""), 0)):
                held[there[oid]] = mode
        conn.execute("ROLLBACK")
    foretold = {each.table: names[each.mode] for each in statement_locks.strongest(statement)[0]}
    assert foretold == held
