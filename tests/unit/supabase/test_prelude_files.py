"""The prelude's number, what it is made of, and that it is no second version of what the reference app's migrations make."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from slipway.data.migrations import files as migration_files
from slipway.errors import MigrationError, SettingsError
from slipway.supabase.prelude import files

ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("there", "expected"),
    [
        ((), "001"),
        (("001_a", "009_b"), "010"),
        (("20240101090000_a",), "001"),
        (("0001_a", "20240101090000_b"), "0002"),
    ],
)
def test_its_number_comes_before_the_teams(tmp_path: Path, there: tuple[str, ...], expected: str) -> None:
    for name in there:
        (tmp_path / f"{name}.up.sql").write_text("select 1;")
    found, _ = migration_files.read(tmp_path)
    assert list(files.pair(found, (), False, "migrations")) == [
        f"{expected}_supabase_prelude.up.sql",
        f"{expected}_supabase_prelude.down.sql",
    ]


def test_extensions_are_named_and_what_is_no_name_is_refused() -> None:
    assert "ARRAY['citext', 'pgcrypto', 'uuid-ossp']" in files.up(["citext"], False)
    with pytest.raises(SettingsError):
        files.up(["x'; DROP"], False)


def test_explicit_projects_grant_their_tables_themselves() -> None:
    assert "GRANT ALL ON TABLES" in files.up((), False) and "GRANT ALL ON TABLES" not in files.up((), True)
    assert "GRANT ALL ON FUNCTIONS" in files.up((), True)


def test_every_need_is_named_with_its_place() -> None:
    with pytest.raises(MigrationError) as raised:
        files.refuse_needs([("a.sql", "select 1;\nselect net.http_get('x');"), ("b.sql", "select pgmq.create('q');")])
    assert raised.value.where == "a.sql:2:1" and "b.sql:1:1: needs pgmq.create" in raised.value.log[0]


def tables_and_functions(text: str) -> dict[str, str]:
    """Each CREATE TABLE or FUNCTION of a schema of the platform's as it is written, by its name; without what is ours."""
    found = re.findall(r"CREATE (?:TABLE|FUNCTION) ((?:auth|storage)\.\w+)(.*?\n        (?:\);|\$f\$))", text, re.S)
    return {name: re.sub(r"\s*-- .*", "", made) for name, made in found}


def test_tables_and_functions_are_word_for_word_those_of_the_reference_app() -> None:
    ours = tables_and_functions(files.up((), False))
    apps = "".join(path.read_text() for path in sorted((ROOT / "migrations").glob("*.up.sql")))
    theirs = tables_and_functions(apps)
    assert len(theirs) == 11 and {name: ours[name] for name in theirs} == theirs
