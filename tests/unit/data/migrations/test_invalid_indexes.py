"""Which index a statement makes, and on which table."""

from __future__ import annotations

import pytest

from slipway.data.migrations import invalid_indexes
from slipway.data.migrations.invalid_indexes import Made


@pytest.mark.parametrize(
    ("sql", "made"),
    [
        ("create index concurrently i on a (id)", Made("i", "a")),
        ("CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS Idx ON ONLY App.T USING btree (id)", Made("idx", "App.T")),
        ('create index concurrently "I ""x""" on "s p" . "t" (id)', Made('I "x"', '"s p"."t"')),
        ("create index /* on b */ concurrently -- on c\n i on a(id) where b = 'on d'", Made("i", "a")),
        ("create index concurrently on a (id)", Made("", "a")),
        ("create index concurrently if not exists", None),
        ("create index i on a (id)", None),
        ("reindex index concurrently i", None),
        ("drop index concurrently i", None),
    ],
)
def test_the_index_that_a_statement_makes(sql: str, made: Made | None) -> None:
    assert invalid_indexes.made_by(sql) == made
