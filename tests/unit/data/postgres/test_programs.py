"""How Postgres's own programs are told where the server is."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest

from slipway.data.endpoints import Secret
from slipway.data.postgres import programs

URL = Secret("postgresql://shop_migrate:secret@postgres:5432/shop?hostaddr=10.0.0.2")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)  # a socket's path may have a hundred bytes and no more
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(".s.PGSQL.5432")
    return tmp_path


@pytest.mark.parametrize(
    ("url", "there", "host"),
    [
        (URL, True, "the socket"),
        (URL, False, "postgres"),
        (Secret("postgresql://shop@postgres:5433/shop"), True, "postgres"),  # another server than that of the socket
        (Secret("postgresql://shop@/shop?host=/run/own"), True, "/run/own"),
    ],
)
def test_programs_take_the_socket_of_the_same_server_where_there_is_one(folder: Path, monkeypatch, url, there, host):
    monkeypatch.setenv("POSTGRES_SOCKET", str(folder) if there else "")
    told = programs.environment(url, "MIGRATE_DATABASE_URL", "shop")
    assert told["PGHOST"] == (str(folder) if host == "the socket" else host)
    assert ("PGHOSTADDR" in told) == (host == "postgres" and url is URL)
    assert told["PGDATABASE"] == "shop"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (
            "pg_dump: error: query failed: ERROR:  no\npg_dump: detail: Query was: COPY t TO stdout;\n",
            "pg_dump: error: query failed: ERROR:  no",
        ),
        ("LOG:  starting\nFATAL:  no for s3cret\n", "FATAL:  no for •••"),
        ("", "it said nothing"),
    ],
)
def test_of_all_that_a_program_said_the_error_is_told(said: str, told: str) -> None:
    assert programs.last_words(said.encode(), {"PGPASSWORD": "s3cret"}) == told
