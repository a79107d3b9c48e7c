"""How Postgres's own programs are told where the server is."""

from __future__ import annotations

import pytest

from slipway.data import client_tools


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("pg_dump: error: query failed: ERROR:  no\npg_dump: detail: Query was: COPY t TO stdout;\n",
         "pg_dump: error: query failed: ERROR:  no"),
        ("LOG:  starting\nFATAL:  no for s3cret\n", "FATAL:  no for •••"),
        ("", "it said nothing"),
    ],
)
def test_of_all_that_a_program_said_the_error_is_told(said: str, told: str) -> None:
    assert client_tools.last_words(said.encode(), {"PGPASSWORD": "s3cret"}) == told
