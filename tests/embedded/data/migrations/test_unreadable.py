"""Files that are there and cannot be read: one error in four parts, whichever verb meets them, and nothing is run."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from slipway.data.migrations import files as migration_files
from slipway.data.migrations import transaction
from slipway.engine.embedded import account
from slipway.errors import MigrationError
from tests.support.migrating import refused, tables, versions


def dangling(path: Path) -> None:
    path.symlink_to("nowhere.sql")


def circular(path: Path) -> None:
    path.symlink_to(path.name)


def directory(path: Path) -> None:
    path.mkdir()


KINDS = {
    dangling: "No such file or directory",
    circular: "Too many levels of symbolic links",
    directory: "Is a directory",
}
READERS = ("migrate", "rollback", "goto", "redo", "adopt")


@pytest.mark.parametrize("name", ["2_b.up.sql", "2_b.down.sql", "2_b.sql"])
@pytest.mark.parametrize(("make", "says"), KINDS.items(), ids=[make.__name__ for make in KINDS])
def test_a_migration_that_cannot_be_read_stops_every_verb(stack, make: Callable, says: str, name: str) -> None:
    stack.migration("1_a.up.sql", "create table a (id int);")
    make(stack.folder / "migrations" / name)
    for verb in READERS:
        error = refused(stack, verb, {"version": 1} if verb == "goto" else None)
        assert (error.where, error.found) == (f"migrations/{name}", f"cannot be read: {says}")
        assert error.expected == "a readable file" and error.next == f"ls -l migrations/{name}"
    assert tables(stack) == [] and versions(stack) == []
    for verb in ("status", "observe"):
        assert stack.run(verb)["problems"] == [f"migrations/{name}: cannot be read: {says}"]


@pytest.mark.parametrize("name", ["2_b.sql", "2_a.csv"])
@pytest.mark.parametrize(("make", "says"), KINDS.items(), ids=[make.__name__ for make in KINDS])
def test_a_fixture_that_cannot_be_read_is_named(stack, make: Callable, says: str, name: str) -> None:
    stack.migration("1_a.up.sql", "create table a (id int primary key);")
    stack.run("migrate")
    make(stack.folder / "fixtures" / name)
    error = refused(stack, "fixtures")
    assert (error.where, error.found) == (f"fixtures/{name}", f"cannot be read: {says}")
    assert error.expected == "a readable file" and error.next == f"ls -l fixtures/{name}"


@pytest.mark.parametrize("name", ["1_a.sql", "1_a.csv"])
def test_a_loaded_fixture_that_can_no_more_be_read_is_named_too(stack, name: str) -> None:
    stack.migration("1_a.up.sql", "create table a (id int primary key);")
    stack.run("migrate")
    stack.fixture(name, "insert into a values (1);" if name.endswith("sql") else "id\n1\n")
    stack.run("fixtures")
    (stack.folder / "fixtures" / name).unlink()
    dangling(stack.folder / "fixtures" / name)
    assert refused(stack, "fixtures").where == f"fixtures/{name}"
    assert "cannot be read" in " ".join(stack.run("observe")["problems"])


@contextmanager
def as_nobody() -> Iterator[None]:
    """Without root's right to read everything; for whoever is not root nothing changes."""
    root = os.geteuid() == 0
    if root:
        os.seteuid(account.NOBODY)
    try:
        yield
    finally:
        if root:
            os.seteuid(0)


@pytest.mark.parametrize("what", ["file", "directory"])
def test_what_this_user_may_not_read_is_named(folder: Path, what: str) -> None:
    closed = folder / f"closed_{what}"
    closed.mkdir()
    (closed / "1_a.sql").write_text("select 1;")
    (closed / "1_a.sql" if what == "file" else closed).chmod(0)
    with as_nobody():
        files, (problem,) = migration_files.read(closed)
    assert problem.where == (f"{closed.name}/1_a.sql" if what == "file" else f"{closed.name}/")
    assert (files, problem.found, problem.expected) == ((), "cannot be read: Permission denied", "a readable file")


@pytest.mark.parametrize("part", ["migrations", "fixtures"])
def test_a_directory_that_may_not_be_listed(stack, monkeypatch: pytest.MonkeyPatch, part: str) -> None:
    """As root may list them all, the refusal is made here."""
    listdir = os.listdir

    def refuse(path: object) -> list[str]:
        if Path(str(path)).name == part:
            raise PermissionError(13, "Permission denied", str(path))
        return listdir(path)

    monkeypatch.setattr(os, "listdir", refuse)
    error = refused(stack, "migrate" if part == "migrations" else "fixtures")
    assert (error.where, error.found) == (f"{part}/", "cannot be read: Permission denied")
    assert stack.run("observe")["problems"] == [f"{part}/: cannot be read: Permission denied"]


def test_a_file_that_is_gone_when_its_turn_comes_keeps_those_before_it(stack, monkeypatch: pytest.MonkeyPatch) -> None:
    stack.migration("1_a.sql", "create table a (id int);")
    stack.migration("2_b.sql", "create table b (id int);")
    once = transaction.once

    def then_gone(conn, ends, label, source, rows):
        if label.endswith("2_b.sql"):
            Path(source.file).unlink()
        return once(conn, ends, label, source, rows)

    monkeypatch.setattr(transaction, "once", then_gone)
    with pytest.raises(MigrationError) as caught:
        stack.run("migrate")
    assert (caught.value.where, caught.value.found) == (
        "migrations/2_b.sql",
        "cannot be read: No such file or directory",
    )
    assert (versions(stack), tables(stack)) == ([1], ["a"])
