"""A team's whole directory, up by one tool and down by the other: the catalog is the same at each step of the way."""

from __future__ import annotations

import pytest

from slipway.data.migrations import files as migration_files
from slipway.data.postgres import catalog
from tests.support import golang_migrate
from tests.support.lending_library import PAIRS
from tests.support.migrating import mirror, versions


@pytest.fixture
def library(stack):
    """Numbers with gaps, some with zeros in front and some a time, as directories grow."""
    for place, (name, up, down) in enumerate(PAIRS, 1):
        number = f"{place * 5:04}" if place < 15 else f"202601{place:02}120000"
        stack.migration(f"{number}_{name}.up.sql", up)
        stack.migration(f"{number}_{name}.down.sql", down)
    return stack


class Ours:
    """The steps as our verbs make them."""

    def up(self, stack, file: migration_files.Migration) -> None:
        stack.run("migrate", {"to": file.version})

    def down(self, stack, file: migration_files.Migration) -> None:
        assert stack.run("rollback")["rolled_back"][0]["version"] == file.version


class Theirs:
    """The steps as golang-migrate makes them, and the sentence with which our history follows."""

    def up(self, stack, file: migration_files.Migration) -> None:
        golang_migrate.up(stack, file)
        assert stack.run("adopt")["adopted"] == [file.version]

    def down(self, stack, file: migration_files.Migration) -> None:
        golang_migrate.down(stack, file)
        row = mirror(stack)
        assert stack.run("adopt", {} if row else {"version": -1})["forgotten"] == [file.version]


@pytest.mark.parametrize(
    ("first", "second"),
    [(Ours(), Theirs()), (Theirs(), Ours()), (Ours(), Ours())],
    ids=["ours up, golang-migrate down", "golang-migrate up, ours down", "ours both"],
)
def test_each_step_back_brings_the_exact_catalog_of_before(library, first, second) -> None:
    files = golang_migrate.files(library)
    before = []
    with library.connect("admin") as conn:
        for number, file in enumerate(files, 1):
            before.append(catalog.snapshot(conn))
            first.up(library, file)
            assert (len(versions(library)), mirror(library)) == (number, [(file.version, False)])
            assert catalog.difference(before[-1], catalog.snapshot(conn)) or "rows" in file.name
        for file in reversed(files):
            second.down(library, file)
            assert catalog.difference(before.pop(), catalog.snapshot(conn)) == [], file.label
    assert (versions(library), mirror(library), library.run("status")["problems"]) == ([], [], [])


def test_both_tools_give_the_same_catalog(library) -> None:
    """And ours gives it again after the other has gone all the way down."""
    with library.connect("admin") as conn:
        library.run("migrate")
        ours = catalog.snapshot(conn)
        for file in reversed(golang_migrate.files(library)):
            golang_migrate.down(library, file)
        for file in golang_migrate.files(library):
            golang_migrate.up(library, file)
        assert catalog.difference(ours, catalog.snapshot(conn)) == []
    assert library.run("adopt") == {
        "version": golang_migrate.files(library)[-1].version,
        "adopted": [],
        "forgotten": [],
    }
    assert library.run("rollback", {"steps": len(PAIRS)})["version"] is None
    assert library.run("migrate")["version"] == golang_migrate.files(library)[-1].version
