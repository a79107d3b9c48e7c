"""SQL files of any text: cut into the statements that the server itself sees in them, or refused in a clear sentence."""

from __future__ import annotations

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from psycopg import pq

from slipway.data.sql import check, file, split
from slipway.errors import MigrationError
from tests.support import services
from tests.support.fuzzing import INPUTS, assert_clear, fuzz

PIECES = st.sampled_from(
    ["select 1", "select 'a;''b'", "select E'\\';'", "select $$;$$", "select $q$ $$ ; $q$", "select 1 as \"n;\"", "U&'\\0061;'",
     ";", ";", ";", " ", "\n", "\r", "\r\n", "\t", "\f", "\v", "/* ; /* ' */ */", "/*", "*/", "-- ' ;\n", "-- ' ;\r", "--", "'", '"',
     "$$", "$q$", "$1", "1e", "x'1F'", "b'01'", "N'é;'", "é", "e'", "E'\\\\'", "\\", "(", ")", "::text", ", 2", "\u2028", "\u00a0", "/", "-",
     "create function f() returns int begin atomic select 1; select case when true then 1 end; end", "create or replace procedure p() begin atomic; select 2; end",
     "do $do$ begin perform 1; end $do$", "create rule r as on insert to t do (select 1; select 2)", "insert into t values ('x')"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=8).map("".join)
WHOLE = st.sampled_from(
    ["select 1;", "insert into t values ('a;b');\n", "\ninsert into t values ($$c;$$);", "-- d;\r\nselect 2;", "/* ; */ select 3 ;", "\r",
     "copy t from stdin;\n1;'\n\\N\n\\.\n", "copy t from stdin; -- c\r\nx\r\n\\.\r\n", "\n\\restrict x\n", "\n\\echo hi\n", "\n\\i x\n",
     "begin;", "commit;", "create function f() returns int begin atomic select 1; select 2; end;", "\ufeff", "\0"]
)  # fmt: skip
FILES = st.one_of(
    st.lists(WHOLE, max_size=6).map(lambda parts: "".join(parts).encode()),
    TEXTS.map(str.encode),
    st.binary(max_size=40),
)


@pytest.fixture(scope="module")
def conn(postgres):
    with psycopg.connect(
        host="127.0.0.1", port=postgres.port, user="postgres", password=services.ADMIN_PASSWORD
    ) as conn:
        conn.autocommit = True
        yield conn


def is_sql(conn: psycopg.Connection, text: bytes) -> bool:
    """Whether the server reads all of a text as statements: it does so before it runs the first, which fails."""
    return conn.pgconn.exec_(b"select 1/0;" + text).error_field(pq.DiagnosticField.SQLSTATE) == b"22012"


def is_one(conn: psycopg.Connection, text: bytes) -> bool:
    """Whether the server sees one statement in it, or none."""
    return b"multiple commands" not in conn.pgconn.prepare(b"", text).error_message


def pieces(content: bytes) -> list[split.Piece] | None:
    """The statements of a text each on its own, or None where something is never closed."""
    found = []
    try:
        for piece in split.pieces((content,), alone=True):
            found.append(piece)
            for _ in piece.data or ():
                pass
    except (split.Unclosed, split.BehindCopy):
        return None
    return found


@fuzz(INPUTS * 3 // 4)
@given(TEXTS)
def test_statements_end_where_the_server_ends_them(conn, text: str):
    content = text.encode()
    found = pieces(content)
    if found is None:
        assert not is_sql(conn, content), "it is refused here, and the server takes it"
    elif not {each.kind for each in found} & {"meta", "copy"}:
        assert is_sql(conn, content) == all(is_sql(conn, each.text) for each in found)
        assert all(is_one(conn, each.text) for each in found)


@fuzz(INPUTS // 4)
@given(FILES)
def test_any_bytes_are_a_file_that_can_be_run_or_refused_clearly(content: bytes):
    digest = file.Digest()
    chunks = file.check_chunks(
        digest.pass_chunks(iter([content.removeprefix(file.BOM)])), "migrations/1_x.up.sql", digest
    )
    try:
        check.refuse_unfit(chunks, "migrations/1_x.up.sql", "shop")
    except MigrationError as error:
        assert_clear(error)
        assert error.where.startswith("migrations/1_x.up.sql:")
