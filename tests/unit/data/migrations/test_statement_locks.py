"""Which lock a migration will take, told from its text. tests/embedded/data/migrations/test_statement_locks.py holds it against a server."""

from __future__ import annotations

import pytest

from slipway.data.migrations import statement_locks


@pytest.mark.parametrize(
    ("sql", "found"),
    [
        ("CREATE TABLE t (a int); ALTER TABLE t ADD b int;", []),
        ("CREATE TABLE t (a int REFERENCES other (id));", [("other", "SHARE ROW EXCLUSIVE")]),
        ("ALTER TABLE public.t VALIDATE CONSTRAINT c, ADD COLUMN x int;", [("t", "ACCESS EXCLUSIVE")]),
        ('-- a comment\nALTER TABLE "My ""T" VALIDATE CONSTRAINT c;', [('"My ""T"', "SHARE UPDATE EXCLUSIVE")]),
        ("INSERT INTO s.t VALUES ('DROP TABLE x;'); SELECT 1", [("s.t", "ROW EXCLUSIVE")]),
        ("DROP TABLE IF EXISTS a, b CASCADE", [("a", "ACCESS EXCLUSIVE"), ("b", "ACCESS EXCLUSIVE")]),
        ("UPDATE a SET n = 1; CREATE INDEX ON a (n); CREATE INDEX i ON b (n)", [("a", "SHARE"), ("b", "SHARE")]),
        (
            "ALTER TABLE a ADD CONSTRAINT f FOREIGN KEY (b) REFERENCES b (id) NOT VALID",
            [("a", "SHARE ROW EXCLUSIVE"), ("b", "SHARE ROW EXCLUSIVE")],
        ),
        ("LOCK TABLE a IN SHARE MODE; LOCK b", [("b", "ACCESS EXCLUSIVE"), ("a", "SHARE")]),
        ("CREATE FUNCTION f() RETURNS int LANGUAGE sql BEGIN ATOMIC SELECT 1; SELECT 2; END;", []),
        ("", []),
    ],
)
def test_the_strongest_lock_on_each_table_comes_first(sql, found):
    assert [(each.table, each.mode) for each in statement_locks.strongest(sql)[0]] == found


@pytest.mark.parametrize(("sql", "untold"), [("DO $$ BEGIN DROP TABLE t; END $$", True), ("SELECT 1", False)])
def test_code_that_takes_locks_of_its_own_is_said_to(sql, untold):
    assert statement_locks.strongest(sql)[1] is untold
