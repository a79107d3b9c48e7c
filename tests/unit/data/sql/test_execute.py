"""Where in its file an error is: the server counts the characters of what it was sent, people count lines."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from slipway.data.sql import execute
from slipway.data.sql.split import Piece

OURS = "BEGIN; RESET ALL;\n"  # what the runner sends ahead of a file in the same message


def place(text: str, position: str | None, done: int = 0, line: int = 1, column: int = 1, before: str = "") -> str:
    """The place that is told for a piece that begins at that line and column of its file."""
    error = SimpleNamespace(diag=SimpleNamespace(statement_position=position))
    return execute.place_of(error, Piece("sql", text.encode(), line, column), len(before), done)


@pytest.mark.parametrize(
    ("text", "position", "told"),
    [
        ("select * frm t", "10", ":1:10"),
        ("select *\n\nfrm t", "11", ":3:1"),
        ("select *\r\n\r\nfrm t", "13", ":3:1"),
        ("-- жук\nselect 'слон', x", "24", ":2:17"),
        ("select\n", "8", ":2:1"),
    ],
)
def test_a_position_of_the_server_is_a_line_and_a_column(text: str, position: str, told: str) -> None:
    assert place(text, position) == told
    assert place(text, str(int(position) + len(OURS)), before=OURS) == told


@pytest.mark.parametrize(("position", "told"), [("1", ":7:5"), ("8", ":7:12"), ("11", ":8:2")])
def test_a_piece_in_the_middle_of_its_file_counts_from_where_it_begins(position: str, told: str) -> None:
    assert place("select 1\n+ x", position, line=7, column=5) == told


def test_a_position_inside_what_was_sent_ahead_is_told_as_the_beginning_of_the_file() -> None:
    assert place("select 1", "3", before=OURS) == ":1:1"


@pytest.mark.parametrize(("done", "told"), [(0, ":1:1"), (1, ":2:3"), (2, ":4:1"), (3, ""), (-1, "")])
def test_without_a_position_it_is_the_statement_after_those_that_succeeded(done: int, told: str) -> None:
    assert place("select 1;\n  select 2;\n-- why\nselect 3;", None, done) == told
