"""Why a store ended, from its log: its own complaint, and no line that only happens to be the last."""

from __future__ import annotations

import pytest

from slipway.stack import stores

REDIS = (
    "7:C 30 Nov 2026 14:54:56.345 # WARNING Memory overcommit must be enabled! Without it, a background save may fail",
    "7:M 30 Nov 2026 14:54:56.348 * Reading RDB base file on AOF loading...",
)
POSTGRES = ("2026-11-30 14:54:56.348 UTC [1] LOG:  starting PostgreSQL 18.1", "LOG:  database system is shut down")


@pytest.mark.parametrize(
    ("store", "log", "said"),
    [
        (
            "redis",
            (
                *REDIS,
                "8:M 30 Nov 2026 14:52:31.698 # Can't handle RDB format version 12",
                "8:M 30 Nov 2026 14:52:31.698 # Error reading the RDB base file a.rdb, AOF loading aborted",
            )
            * 2,
            "Can't handle RDB format version 12; Error reading the RDB base file a.rdb, AOF loading aborted",
        ),
        ("redis", REDIS, ""),
        (
            "postgres",
            (POSTGRES[0], '[1] FATAL:  could not open file "pg_hba.conf": No such file or directory', POSTGRES[1]),
            'could not open file "pg_hba.conf": No such file or directory',
        ),
        ("postgres", POSTGRES, ""),
        ("postgres", ("[9] FATAL:  the database system is starting up", '[9] FATAL:  role "x" does not exist'), ""),
        ("objects", ("FATAL: anything",), ""),
        ("app", ("x # y",), ""),
    ],
)
def test_the_reason_is_its_own_complaint(store: str, log: tuple[str, ...], said: str):
    assert stores.reason(store, log) == said
