"""Databases that other tools have migrated, taken over: the tool's own table says what was run, and nothing is run again.

Each tool is what its source says of it: its CREATE TABLE, its rows, and its files executed as it executes them.
"""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.data.migrations.imports import convert, place, tools
from slipway.data.postgres import catalog
from slipway.data.wire import encode
from tests.embedded.data.conftest import stack_on
from tests.support import foreign_tools
from tests.support.foreign_tools import TOOLS, Example
from tests.support.migrating import mirror, refused, table_exists, versions


def lay(stack, example: Example) -> Path:
    for name, text in example.files.items():
        path = stack.folder / "theirs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return stack.folder / "theirs"


def import_(stack, tool: str, **args) -> dict:
    """What db.import does: the files are written, and the data side takes the history over."""
    return stack.run("import", arguments(stack, tool) | {"keep": True} | args)


def arguments(stack, tool: str) -> dict:
    folder = stack.folder / "migrations"
    ours = convert.convert(tool, tools.find(tool).read(stack.folder / "theirs", "theirs").migrations)
    there = place.read(folder)
    place.write(folder, place.find_missing(there, ours, "migrations"))
    return {"tool": tool, "files": [encode(each.foreign) for each in ours], "others": place.others(there, ours)}


def states(stack) -> list[str]:
    return [row["state"] for row in stack.run("status")["rows"]]


@pytest.mark.parametrize("tool", TOOLS)
def test_what_the_tool_has_run_is_applied_and_the_rest_is_pending(stack, tool: str) -> None:
    """All but the last migration were run by the tool; ours runs the last one, and then the schema is the same."""
    example = TOOLS[tool]
    lay(stack, example)
    example.migrate(stack, len(example.ups) - 1)
    tried = import_(stack, tool, keep=False)
    assert tried["recorded"] and versions(stack) == []
    done = import_(stack, tool)
    assert done == tried and import_(stack, tool)["recorded"] == [] and not stack.run("status")["problems"]
    assert states(stack) == ["baseline"] * (len(example.ups) - 1) + ["pending"]
    (last,) = stack.run("migrate")["applied"]
    assert done["pending"] == [last["version"]] and import_(stack, tool)["pending"] == []
    assert mirror(stack) == [(last["version"], False)] and states(stack)[-1] == "applied"


@pytest.mark.parametrize("verb", ["migrate", "migrate.try"])
@pytest.mark.parametrize("tool", TOOLS)
def test_nothing_is_run_again_while_the_history_is_not_taken_over(stack, tool: str, verb: str) -> None:
    """The files were converted, and what the tool has run in this database was forgotten."""
    example = TOOLS[tool]
    lay(stack, example)
    example.migrate(stack, len(example.ups) - 1)
    arguments(stack, tool)
    before = difference_of(stack)
    assert "db.import" in refused(stack, verb).next and difference_of(stack) == before
    import_(stack, tool)
    assert len(stack.run("migrate")["applied"]) == 1


@pytest.mark.parametrize("verb", ["migrate", "migrate.try", "import"])
def test_a_history_that_the_role_may_not_read_is_named_with_the_grant_that_mends_it(stack, verb: str) -> None:
    example = TOOLS["goose"]
    lay(stack, example)
    example.migrate(stack, len(example.ups) - 1)
    args = arguments(stack, "goose") | {"keep": True} if verb == "import" else arguments(stack, "goose") and None
    with stack.connect("admin") as conn:
        roles = with_rights(conn)
        conn.execute(f"ALTER TABLE goose_db_version OWNER TO postgres; REVOKE ALL ON goose_db_version FROM {roles}")
    error = refused(stack, verb, args)
    assert "what goose has run here is not known" in error.found
    with stack.connect("admin") as conn:
        conn.execute(error.next.removeprefix("./invoke psql, as its owner: "))
    assert import_(stack, "goose")["recorded"]


def with_rights(conn) -> str:
    """Everybody who has rights on goose's table."""
    query = (
        "SELECT string_agg(DISTINCT grantee::regrole::text, ', ') FROM pg_class, aclexplode(relacl) WHERE relname = %s"
    )
    return conn.execute(query, ("goose_db_version",)).fetchone()[0]


def difference_of(stack) -> dict:
    with stack.connect("admin") as conn:
        return catalog.without_grants(catalog.snapshot(conn))


@pytest.mark.parametrize("tool", TOOLS)
def test_the_files_give_the_schema_that_the_tool_gives(stack, other_stack, tool: str) -> None:
    example = TOOLS[tool]
    lay(stack, example)
    example.migrate(other_stack, len(example.ups))
    assert import_(stack, tool)["table"] is None
    assert len(stack.run("migrate")["applied"]) == len(example.ups)
    assert difference(stack, other_stack) == []


@pytest.fixture
def other_stack(postgres, tmp_path: Path):
    """A second database in the same server, which the tool alone works on."""
    place = tmp_path / "other"
    place.mkdir()
    made = stack_on(postgres, place)
    made.run("roles")
    return made


def difference(stack, other) -> list[str]:
    found = []
    for each in (stack, other):
        with each.connect("admin") as conn:
            foreign_tools.drop_tables(conn)
            found.append(catalog.without_grants(catalog.snapshot(conn)))
    same = {name.replace(other.database, stack.database): facts for name, facts in found[1].items()}
    return list(catalog.difference(found[0], foreign_tools.renamed(same, other.database, stack.database)))


def test_a_sqlx_file_that_was_edited_since_is_said_and_taken_over(stack) -> None:
    example = TOOLS["sqlx"]
    folder = lay(stack, example)
    example.migrate(stack, 1)
    first = folder / sorted(example.files)[0]
    first.write_text(first.read_text() + "-- a remark\n")
    (note,) = import_(stack, "sqlx")["notes"]
    assert "was edited after sqlx ran it" in note and states(stack)[0] == "baseline"


def test_a_hole_in_what_was_run_is_refused(stack) -> None:
    example = TOOLS["dbmate"]
    lay(stack, example)
    example.migrate(stack, 2)
    with stack.connect("migrate") as conn:
        conn.execute(f'set role "{stack.database}_owner"')
        conn.execute(
            "delete from public.schema_migrations where version = (select min(version) from schema_migrations)"
        )
    error = refused(stack, "import", arguments(stack, "dbmate") | {"keep": True})
    assert "was not run, and comes before" in error.found and "with dbmate first" in error.next
    assert versions(stack) == [] and table_exists(stack, "public.schema_migrations")


def test_examples_that_lie_before_what_was_run_are_refused(stack) -> None:
    example = TOOLS["supabase"]
    lay(stack, example)
    example.migrate(stack, 1)
    stack.migration("001_users.up.sql", "create table users (id int);")
    error = refused(stack, "import", arguments(stack, "supabase") | {"keep": True})
    assert error.where == "migration 1 in migrations/" and "git rm" in error.next and versions(stack) == []


def test_a_number_that_the_database_has_had_as_another_file_is_refused(stack) -> None:
    example = TOOLS["sqlx"]
    stack.migration(sorted(example.files)[0].split("_")[0] + "_ours.up.sql", "select 1;")
    stack.run("migrate")
    for path in (stack.folder / "migrations").iterdir():
        path.unlink()
    lay(stack, example)
    error = refused(stack, "import", arguments(stack, "sqlx") | {"keep": True})
    assert "_ours with another content" in error.found


def test_two_tables_of_a_tool_are_told_apart_by_name(stack) -> None:
    example = TOOLS["goose"]
    lay(stack, example)
    example.migrate(stack, 1)
    with stack.connect("admin") as conn:
        conn.execute(f'create schema other authorization "{stack.database}_owner"')
        conn.execute(f'set role "{stack.database}_owner"; create table other.goose_db_version (like goose_db_version)')
        conn.execute("alter table goose_db_version rename to versions")
        conn.execute("create table goose_db_version (like other.goose_db_version)")
    assert "in the schemas other, public" in refused(stack, "import", arguments(stack, "goose")).found
    assert "no table of goose" in refused(stack, "import", arguments(stack, "goose") | {"table": "nothing"}).found
    done = import_(stack, "goose", table="public.versions")
    assert (done["table"], len(done["recorded"]), done["notes"]) == ("public.versions", 1, [])
    assert "may have gone to other" in import_(stack, "goose", table="other.goose_db_version", keep=False)["notes"][0]


def test_dbmates_table_makes_room_for_golang_migrates(stack) -> None:
    example = TOOLS["dbmate"]
    lay(stack, example)
    example.migrate(stack, 1)
    assert "./invoke db.import dbmate DIR" in refused(stack, "migrate").next
    assert import_(stack, "dbmate")["aside"] == "public.schema_migrations_before"
    assert stack.value("select count(*) from schema_migrations_before") == 1 and len(mirror(stack)) == 1
