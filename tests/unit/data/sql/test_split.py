"""Files in pieces: the same pieces however the bytes arrive, and what may not be run."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.data.sql import check, lexer, split
from slipway.errors import MigrationError


def read(text: str | bytes, size: int = 10**6, alone: bool = True) -> list[tuple]:
    content = text.encode() if isinstance(text, str) else text
    chunks = (content[at : at + size] for at in range(0, len(content), size))
    return [
        (piece.kind, piece.text, piece.place, b"".join(piece.data) if piece.data is not None else None)
        for piece in split.pieces(chunks, alone)
    ]


def texts(text: str) -> list[str]:
    return [piece[1].decode() for piece in read(text)]


@pytest.mark.parametrize(
    ("sql", "parts"),
    [
        ("", []),
        (" ;; -- c\n/* ; /* ; */ */", []),
        ("select 1; select 2", ["select 1;", "select 2"]),
        ("select ';'; select 2", ["select ';';", "select 2"]),
        (r"select E'\';'; select 2", [r"select E'\';';", "select 2"]),
        (r"select '\'; select 2", [r"select '\';", "select 2"]),
        ('select "a;b"; x', ['select "a;b";', "x"]),
        ("select e'a'';'; x", ["select e'a'';';", "x"]),
        ("select U&'a;'; x", ["select U&'a;';", "x"]),
        ("select $$;$$; x", ["select $$;$$;", "x"]),
        ("select $a$ $$;$b$ $a$; x", ["select $a$ $$;$b$ $a$;", "x"]),
        ("select a$b$c; x", ["select a$b$c;", "x"]),
        ("select $1; x", ["select $1;", "x"]),
        ("select 1 /* ; */; x", ["select 1 /* ; */;", "x"]),
        ("select 1 -- ;\n; x", ["select 1 -- ;\n;", "x"]),
        ("select 5-3; select 6/2; x", ["select 5-3;", "select 6/2;", "x"]),
        ("select 1e'a;'; x", ["select 1e'a;';", "x"]),
        ("select жe';'; x", ["select жe';';", "x"]),
        (
            "create function f() returns int begin atomic select 1; select case when true then 1 end; end; x",
            ["create function f() returns int begin atomic select 1; select case when true then 1 end; end;", "x"],
        ),
        (
            "create rule r as on insert to t do (select 1; select 2); x",
            ["create rule r as on insert to t do (select 1; select 2);", "x"],
        ),
        ("create table atomic (a int); x", ["create table atomic (a int);", "x"]),
    ],
)
def test_where_statements_end(sql: str, parts: list[str]) -> None:
    assert texts(sql) == parts


def test_copy_data_and_lines_of_psql_are_pieces_of_their_own() -> None:
    text = "\\restrict x\ncopy t (a) from stdin; \n1;'\n\\N\n\\.\nselect 1;\ncopy t from stdin with (format csv);\n\"a"
    assert [(kind, place, data) for kind, _, place, data in read(text)] == [
        ("meta", "1:1", None),
        ("copy", "2:1", b"1;'\n\\N\n"),
        ("sql", "6:1", None),
        ("copy", "7:1", b'"a'),
    ]


def test_statements_go_together_until_something_else_comes() -> None:
    text = "select 1; select 2;\n begin; select 3; commit;"
    assert [(kind, part.decode()) for kind, part, *_ in read(text, alone=False)] == [
        ("sql", "select 1; select 2;"),
        ("control", "begin;"),
        ("sql", "select 3;"),
        ("control", "commit;"),
    ]


SQL = st.lists(
    st.sampled_from(
        [
            "select 1",
            "'a;''b'",
            "E'\\';'",
            '"n;"',
            "$$;$$",
            "$q$ $$ ; $q$",
            "/* ; /* ' */ */",
            "-- ' ;\n",
            ";",
            " ",
            "\n",
            "ж",
            "e",
            "$1",
            "copy t from stdin;\n1;\n\\.x\n\\.\n",
            "\n\\restrict x\n",
            "create rule r as on insert to t do (a; b)",
        ]
    ),
    max_size=12,
).map("".join)


@given(SQL, st.integers(1, 9))
def test_pieces_do_not_depend_on_how_the_bytes_arrive(text: str, size: int) -> None:
    def outcome(step: int) -> object:
        try:
            return read(text, step)
        except split.Unclosed as error:
            return error.args

    assert outcome(size) == outcome(10**6)


@given(st.text(alphabet="sel ect'\"$;-/*\n\\eEж1()", max_size=60))
def test_both_readers_of_sql_agree_on_where_statements_begin(text: str) -> None:
    """The one that reads words and the one that only finds borders; lines of psql are the border finder's alone."""
    try:
        found = read(text)
    except split.Unclosed:
        return
    if any(kind == "meta" for kind, *_ in found):
        return
    assert [place for _, _, place, _ in found] == [lexer.place(text, each.start) for each in lexer.statements(text)]


@pytest.mark.parametrize(
    ("text", "place", "what"),
    [
        ("select 'ж', 'a", "1:13", "a quote"),
        ('x;\n "a', "2:2", "a quoted name"),
        ("x; $b$ $$", "1:4", "a dollar quote"),
        ("/* /* */", "1:1", "a comment"),
        ("select E'a\\'", "1:8", "a quote"),
        ("select 1 /*", "1:10", "a comment"),
    ],
)
def test_what_is_never_closed_is_named_where_it_opens(text: str, place: str, what: str) -> None:
    for size in (1, 5, 1000):
        with pytest.raises(split.Unclosed) as caught:
            read(text, size)
        assert caught.value.args == (place, what)


@pytest.mark.parametrize(
    ("rest", "column"),
    [
        (" select 2;", 20),
        ("ж", 19),
        (" /* a */ x", 28),
        (" /* a\n */", 20),
        ("; \\echo", 21),
        ("1\t2", 19),
    ],
)
def test_what_stands_behind_copy_on_its_line_is_refused_with_its_place(rest: str, column: int) -> None:
    text = f"select 1;\ncopy t from stdin;{rest}\n1\n\\.\n".encode()
    for size in (1, 7, 1000):
        with pytest.raises(MigrationError) as caught:
            check.refuse_unfit((text[at : at + size] for at in range(0, len(text), size)), "f.sql", "shop")
        assert caught.value.where == f"f.sql:2:{column}" and "COPY" in caught.value.found


@pytest.mark.parametrize("rest", ["", " \t", "\r", " -- select 2;", " /* a /* b */ */ -- c", ";"])
def test_blanks_and_comments_may_stand_behind_copy(rest: str) -> None:
    assert read(f"copy t from stdin;{rest}\n1\n\\.\nselect 2;", 3)[0][3] == b"1\n"


@pytest.mark.parametrize(
    ("sql", "where", "found"),
    [
        ("select 1; commit", "1:11", "COMMIT in the file"),
        ("begin; select 1", "1:1", "BEGIN without COMMIT"),
        ("begin; begin; commit", "1:8", "BEGIN in the file"),
        ("begin isolation level serializable; commit", "1:1", "BEGIN"),
        ("begin; commit; select 1", "1:8", "COMMIT in the file"),
        ("begin; rollback", "1:8", "ROLLBACK in the file"),
        ("begin; commit and chain", "1:8", "COMMIT in the file"),
        ("\\i x", "1:1", "\\i is a command of psql"),
        ("prepare transaction 'x'", "1:1", "PREPARE in the file"),
    ],
)
def test_what_cannot_be_run_in_one_transaction(sql: str, where: str, found: str) -> None:
    with pytest.raises(MigrationError) as caught:
        check.refuse_unfit((sql.encode(),), "f.sql", "shop")
    assert caught.value.where == f"f.sql:{where}" and caught.value.found.startswith(found)


@pytest.mark.parametrize(
    "sql",
    [
        "begin; select 1; commit",
        "BEGIN TRANSACTION; select 1; END WORK;",
        "-- c\nstart transaction;\nselect 1;\ncommit;",
        "savepoint a; rollback to a",
        "\\connect shop\nselect 1",
        "\\connect -reuse-previous=on \"dbname='shop'\"\nselect 1",
        "\\unrestrict x",
        "do $$ begin commit; end $$",
    ],
)
def test_what_can_be(sql: str) -> None:
    check.refuse_unfit((sql.encode(),), "f.sql", "shop")


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("-- slipway: no-transaction\nx", {"no-transaction"}),
        ("\n-- c\n--slipway: Compatible, repeatable\n", {"compatible", "repeatable"}),
        ("select 1; -- slipway: compatible", set()),
        ("x\n-- slipway: compatible", set()),
    ],
)
def test_directives_stand_before_everything(text: str, names: set[str]) -> None:
    assert lexer.directives(text) == names


@pytest.mark.parametrize(
    ("sql", "refuses"),
    [
        ("create index concurrently i on t (a)", True),
        ("vacuum t", True),
        ("create database d", True),
        ("alter table t detach partition p concurrently", True),
        ("refresh materialized view concurrently v", False),
        ("create index i on t (a)", False),
        ("create table vacuum (a int)", False),
        ("drop subscription s", True),
    ],
)
def test_what_refuses_a_transaction(sql: str, refuses: bool) -> None:
    assert lexer.refuses_transaction(lexer.words_of(sql)) is refuses
