"""Where statements begin, and which of them would end a transaction."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.data.sql import lexer

ATOMIC = """create or replace function f() returns int begin atomic
  select case when true then 1 else 2 end; select 2; END; select 3"""

# END is a column in it, its label, the close of a CASE, and the end.
BOOKED = """create function f() returns int begin atomic
  select max(s.end) as end from slot s; select case when true then 1 end as "end", s.end; end; select 3"""


@pytest.mark.parametrize(
    ("sql", "starts"),
    [
        ("", []),
        (" ; ;; ", []),
        ("-- only; a comment\n/* and; /* another; */ one; */", []),
        ("select 1; select 2", [0, 10]),
        ("  select 1;\n-- x\nselect 2;", [2, 17]),
        ("select ';'; select 2", [0, 12]),
        ('select ";"; select 2', [0, 12]),
        ("select 'it''s;'; select 2", [0, 17]),
        (r"select E'\';'; select 2", [0, 15]),
        (r"select '\'; select 2", [0, 12]),
        ("do $$ begin; end; $$; select 2", [0, 22]),
        ("do $a$ ; $$ ; $a$; select 2", [0, 19]),
        ("select a$b$c; select 2", [0, 14]),
        ("select $1; select 2", [0, 11]),
        ("select 'открыт", [0]),
        ("select $$never closed; ;", [0]),
        ("/* never closed; select 1", []),
        (ATOMIC, [0, ATOMIC.index("select 3")]),
        (BOOKED, [0, BOOKED.index("select 3")]),
        ("-- ended by\rselect 1;\r-- and\r\nselect 2", [12, 30]),
        ("select 1 as é—№\u00a0; select $é—$;$é—$; select 2", [0, 18, 36]),
    ],
)
def test_where_statements_begin(sql: str, starts: list[int]) -> None:
    assert [statement.start for statement in lexer.statements(sql)] == starts


@pytest.mark.parametrize(
    "sql",
    [
        "commit",
        "COMMIT;",
        "end",
        "End work;",
        "abort",
        "rollback",
        "rollback work",
        "rollback and chain",
        "prepare transaction 'x'",
        "/* x */ -- y\n commit and chain",
    ],
)
def test_what_ends_a_transaction(sql: str) -> None:
    assert [statement.ends_transaction() for statement in lexer.statements(sql)] == [True]


@pytest.mark.parametrize(
    "sql",
    [
        "rollback to a",
        "rollback to savepoint a",
        "rollback work to a",
        "savepoint a",
        "select 'commit'",
        'select "commit"',
        "comment on table t is 'end'",
        "prepare p as select 1",
        "do $$ begin commit; end $$",
        "update t set state = 'commit'",
        "release savepoint a",
    ],
)
def test_what_stays_inside_a_transaction(sql: str) -> None:
    assert [statement.ends_transaction() for statement in lexer.statements(sql)] == [False]


@pytest.mark.parametrize(
    ("sql", "reads"),
    [
        ("copy t from stdin", True),
        ("COPY t (a, b) FROM STDIN WITH (FORMAT csv)", True),
        ("copy t from '/stdin'", False),
        ("select 'copy from stdin'", False),
        ("copy t to stdout", False),
    ],
)
def test_copy_from_the_client(sql: str, reads: bool) -> None:
    assert [statement.reads_client() for statement in lexer.statements(sql)] == [reads]


@pytest.mark.parametrize(
    ("sql", "offset", "place"),
    [
        ("select", 0, "1:1"),
        ("a\nbc", 2, "2:1"),
        ("a\nbc", 3, "2:2"),
        ("жук\nслон x", 9, "2:6"),
        ("a\r\nb", 3, "2:1"),
        # The end of a line is on it, empty lines count, and \r is a character, for the server counts it as one.
        ("select x", 7, "1:8"),
        ("a\nbc", 1, "1:2"),
        ("a\n\n\nb", 4, "4:1"),
        ("a\n\n\nb", 2, "2:1"),
        ("\n\na", 2, "3:1"),
        ("a\r\nb", 1, "1:2"),
        ("a\r\n\r\nbc", 6, "3:2"),
        ("-- ж😀\nselect ж😀x", 15, "2:10"),
        ("a\tb", 2, "1:3"),
        ("a\nb", 3, "2:2"),
    ],
)
def test_line_and_column_count_characters(sql: str, offset: int, place: str) -> None:
    assert lexer.place(sql, offset) == place


@given(st.text(alphabet="commit;'\n -/*$\\e", max_size=40))
def test_quoted_text_never_ends_a_transaction(text: str) -> None:
    quoted = "select '" + text.replace("'", "''") + "', $q$" + text + "$q$; select 2"
    assert [statement.ends_transaction() for statement in lexer.statements(quoted)] == [False, False]


@given(st.text(max_size=200))
def test_any_text_is_read_to_its_end(text: str) -> None:
    starts = [statement.start for statement in lexer.statements(text)]
    assert starts == sorted(set(starts)) and all(0 <= start < len(text) for start in starts)
