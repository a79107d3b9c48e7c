"""What pg_restore says on a server that is older than itself: which of its errors count."""

from __future__ import annotations

import io

import pytest

from slipway.data.postgres import older

OLD, NEW = 160009, 170000
REFUSED = (
    "pg_restore: error: could not execute query: ERROR:  unrecognized configuration parameter "
    f'"transaction_timeout"\n{older.COMMAND}\n'
)
# As two workers have written it, each into the other's line.
TWICE = REFUSED.replace("error: ", "pg_restore: error: error: ", 1) + REFUSED.removeprefix("pg_restore: error: ")
CUT = REFUSED.replace("error: ", "error: pg_restore: finished item 7 TABLE DATA a\n", 1)
OTHER = "pg_restore: error: could not execute query: ERROR:  no such thing\nCommand was: CREATE TABLE a ();\n"
ROWS = 'pg_restore: error: COPY failed for table "a": ERROR:  no\nCONTEXT:  COPY a, line 1\n'
COUNT = "pg_restore: warning: errors ignored on restore: {}\n"


@pytest.mark.parametrize(
    ("server", "jobs", "said", "found", "only_that"),
    [
        (OLD, 1, REFUSED + COUNT.format(1), 0, True),
        (OLD, 2, REFUSED * 4 + COUNT.format(2), 0, True),
        (OLD, 2, REFUSED + TWICE + REFUSED + COUNT.format(2), 0, True),
        (OLD, 2, REFUSED * 2 + CUT + REFUSED + COUNT.format(2), 0, True),
        (OLD, 1, REFUSED + OTHER + COUNT.format(2), 1, False),
        (OLD, 1, OTHER + REFUSED, 1, False),
        (OLD, 2, REFUSED * 3 + ROWS + REFUSED + COUNT.format(3), 1, False),
        (OLD, 2, REFUSED * 4 + COUNT.format(3), 0, False),  # one that nobody heard
        (OLD, 1, REFUSED, 0, False),  # killed
        (OLD, 1, COUNT.format(1), 0, False),  # a pg_restore that never says it
        (NEW, 1, REFUSED + COUNT.format(1), 1, False),
        (OLD, 1, "", 0, False),
    ],
)
def test_one_setting_that_an_older_server_does_not_know_is_no_error(server, jobs, said, found, only_that) -> None:
    heard = older.Errors(server, jobs).heard(said, over=True)
    assert len(heard.found) == found and heard.only_that() == only_that


def test_an_error_is_told_when_it_is_known_of_which_command_it_is() -> None:
    first = OTHER.splitlines(keepends=True)[0]
    assert not older.Errors(OLD).heard(first, over=False).must_end
    assert older.Errors(OLD).heard(OTHER, over=False).must_end
    assert not older.Errors(NEW).heard(OTHER, over=False).must_end, "it ends by itself"


@pytest.mark.parametrize("server", [OLD, NEW])
def test_sql_for_an_older_server_is_without_that_setting(server: int) -> None:
    head = f"SET lock_timeout = 0;\n{older.UNKNOWN}\nSET client_encoding = 'UTF8';\n".encode()
    rows = f"COPY a FROM stdin;\n{older.UNKNOWN}\n\\.\n".encode()
    incoming, out = io.BytesIO(head + rows), io.BytesIO()
    older.begin(incoming, out, server)
    out.write(incoming.read())
    dropped = head.replace(f"{older.UNKNOWN}\n".encode(), b"")
    assert out.getvalue() == (dropped if server == OLD else head) + rows
