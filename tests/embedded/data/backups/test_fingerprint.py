"""A table's fingerprint: equal for equal content, whatever order, session or place; different for any other."""

from __future__ import annotations

import pytest

from slipway.data.backups import fingerprint

ODD = '"we ird ""te%sst"'
TYPES = """
CREATE TYPE pair AS (one int, two int);
CREATE TABLE t (id int, x text, each int, f float8, n numeric, d timestamptz, i interval, b bytea, j jsonb, a text[],
                m money, r regclass, s text, w pair);
INSERT INTO t SELECT g, CASE WHEN g % 3 = 0 THEN NULL ELSE 'żółw ' || g END, g, g / 7.0, g / 7.0,
    '2026-11-25 12:00+03'::timestamptz + g * interval '1 hour', g * interval '1 day 2 hours', decode('00ff', 'hex'),
    jsonb_build_object('b', g, 'a', 1), ARRAY['x', NULL, '"'], g, 't'::regclass,
    'another', NULL FROM generate_series(1, 500) g;
"""


def taken(conn, table: str = "public.t") -> tuple[int, str]:
    fingerprint.settle(conn)
    found = conn.execute(fingerprint.queries(conn, [table])[table]).fetchone()
    conn.execute("RESET ALL")
    return found


def test_neither_order_nor_session_settings_change_it(stack) -> None:
    with stack.connect("admin") as conn:
        conn.execute(TYPES)
        first = taken(conn)
        conn.execute("CREATE TABLE copy (LIKE t); INSERT INTO copy SELECT * FROM t ORDER BY random()")
        conn.execute(
            "SET timezone = 'Asia/Tokyo'; SET datestyle = 'SQL, DMY'; SET extra_float_digits = 0; "
            "SET bytea_output = 'escape'; SET intervalstyle = 'iso_8601'; SET search_path = public"
        )
        assert taken(conn, "public.copy") == first and first[0] == 500 and len(first[1]) == 18


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE t SET x = x || ' ' WHERE id = 7",
        "UPDATE t SET x = '' WHERE id = 3",
        "UPDATE t SET x = s, s = x WHERE id = 3",
        "UPDATE t SET x = s, s = x WHERE id = 1",
        "UPDATE t SET x = other.x FROM t other WHERE t.id + other.id = 3",
        "UPDATE t SET w = (null, null) WHERE id = 1",
        "UPDATE t SET n = n::numeric(40, 30) WHERE id = 7",
        'UPDATE t SET j = \'{"a": 1.0, "b": 1}\' WHERE id = 1',
        "DELETE FROM t WHERE id = 9",
        "INSERT INTO t SELECT * FROM t WHERE id = 1",
        "UPDATE t SET f = f + 1e-12 WHERE id = 1",
        "UPDATE t SET id = CASE id WHEN 1 THEN 2 ELSE 1 END WHERE id IN (1, 2)",
    ],
)
def test_any_change_of_the_content_changes_it(stack, change: str) -> None:
    with stack.connect("admin") as conn:
        conn.execute(TYPES)
        first = taken(conn)
        conn.execute(change)
        assert taken(conn) != first


def test_an_empty_table_and_one_without_columns_have_one(stack) -> None:
    with stack.connect("admin") as conn:
        conn.execute("CREATE TABLE empty (id int); CREATE TABLE bare (); INSERT INTO bare DEFAULT VALUES")
        assert taken(conn, "public.empty") == (0, "2:" + "0" * 16)
        assert taken(conn, "public.bare")[0] == 1


def test_the_tables_of_a_dump_and_no_others(stack) -> None:
    with stack.connect("admin") as conn:
        conn.execute(f"""
            CREATE TABLE parent (id int) PARTITION BY RANGE (id);
            CREATE TABLE part PARTITION OF parent FOR VALUES FROM (0) TO (9);
            CREATE UNLOGGED TABLE quick (id int); CREATE TEMP TABLE passing (id int);
            CREATE VIEW seen AS SELECT 1; CREATE MATERIALIZED VIEW kept AS SELECT 1;
            CREATE SCHEMA "Bücher"; CREATE TABLE "Bücher".{ODD} (id int); INSERT INTO parent VALUES (1)
        """)
        names = [name for name, _, _ in fingerprint.tables(conn)]
        assert [name for name in names if not name.startswith("slipway.")] == [
            f'"Bücher".{ODD}',
            "public.part",
            "public.quick",
        ]
        for name in names:
            fingerprint.settle(conn)
            assert (
                conn.execute(fingerprint.queries(conn, [name])[name]).fetchone()[0]
                == conn.execute(fingerprint.count(name)).fetchone()[0]
            )


def test_a_table_of_many_columns_has_one_too(stack) -> None:
    """A function takes 100 arguments, and a table has up to 1,600 columns."""
    columns = ", ".join(f"c{number} int" for number in range(400))
    with stack.connect("admin") as conn:
        conn.execute(f"CREATE TABLE wide ({columns}); INSERT INTO wide (c0, c44, c45, c399) VALUES (0, 44, 45, 399)")
        first = taken(conn, "public.wide")
        for change in ("c399 = 398", "c44 = NULL, c43 = 44", "c45 = NULL, c46 = 45"):
            conn.execute(f"BEGIN; UPDATE wide SET {change}")
            assert conn.execute(fingerprint.queries(conn, ["public.wide"])["public.wide"]).fetchone() != first, change
            conn.execute("ROLLBACK")
