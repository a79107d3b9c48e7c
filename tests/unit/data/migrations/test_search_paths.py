"""Functions that a dump cannot be restored with: which are told, and which are no trouble."""

from __future__ import annotations

import pytest

from slipway.data.migrations import search_paths

CLEAN = "CREATE FUNCTION clean(t text) RETURNS text LANGUAGE sql IMMUTABLE RETURN trim(t);"
FIT = "CREATE FUNCTION {} (t text) RETURNS boolean LANGUAGE plpgsql IMMUTABLE {} AS $$ BEGIN RETURN {}; END $$;"
CHECK = "CREATE TABLE tasks (title text CHECK (fit(title)));"


@pytest.mark.parametrize(
    ("function", "use", "told"),
    [
        (FIT.format("fit", "", "length(clean(t)) > 2"), CHECK, True),
        (FIT.format("public.fit", "", "length(clean(t)) > 2"), CHECK, True),
        (FIT.format("fit", "", "EXISTS (SELECT 1 FROM words WHERE word = t)"), CHECK, True),
        (FIT.format("fit", "", "length(clean(t)) > 2"), "ALTER TABLE tasks ADD CHECK (fit(title));", True),
        (FIT.format("fit", "", "length(clean(t)) > 2"), "CREATE UNIQUE INDEX i ON tasks (fit(title));", True),
        (FIT.format("fit", "", "length(public.clean(t)) > 2"), CHECK, False),
        (FIT.format("fit", "", "EXISTS (SELECT 1 FROM public.words WHERE word = t)"), CHECK, False),
        (FIT.format("fit", "SET search_path = public", "length(clean(t)) > 2"), CHECK, False),
        (FIT.format("fit", "", "length(trim(t)) > 2"), CHECK, False),
        (FIT.format("fit", "", "length(clean(t)) > 2"), "CREATE VIEW v AS SELECT fit(title) FROM tasks;", False),
        (FIT.format("other", "", "length(clean(t)) > 2"), CHECK, False),
    ],
)
def test_a_kept_call_of_a_function_that_needs_the_search_path_is_told(function: str, use: str, told: bool):
    found = list(
        search_paths.find([("migrations/1_a.up.sql", f"{CLEAN}\n{function}"), ("migrations/2_b.up.sql", f"\n  {use}")])
    )
    assert [(each.file, each.line, each.column, each.level) for each in found] == (
        [("migrations/2_b.up.sql", 2, 3, "warning")] if told else []
    )
