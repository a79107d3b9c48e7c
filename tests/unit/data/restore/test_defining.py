"""The definitions of a dump without what only some minor releases take."""

from __future__ import annotations

import pytest

from slipway.data.postgres import older
from slipway.data.restore import defining

SET = "ALTER TABLE ONLY public.a ALTER COLUMN b SET ({});\n"
BODY = f"CREATE FUNCTION f() RETURNS void LANGUAGE sql AS $_$\n{SET.format('pg_attver=1')}$_$;\n"


@pytest.mark.parametrize(
    ("given", "left"),
    [
        (SET.format("pg_attver=22164312"), ""),
        (SET.format("pg_attver=7, n_distinct=5"), SET.format("n_distinct=5")),
        (SET.format("n_distinct=5, pg_attver=7"), SET.format("n_distinct=5")),
        (SET.format("n_distinct=5"), SET.format("n_distinct=5")),
        (BODY + SET.format("pg_attver=7"), BODY),
        (f"SET lock_timeout = 0;\n{older.UNKNOWN}\nSET x = 1;\n", "SET lock_timeout = 0;\nSET x = 1;\n"),
    ],
)
def test_versions_of_columns_are_left_out_and_nothing_else(given: str, left: str) -> None:
    assert defining.without_versions(given) == left
