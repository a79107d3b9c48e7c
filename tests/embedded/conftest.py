"""Copies of the working tree with embedded stacks: one shared by the tests of a module, or one of a test's own."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.support.clone import free_port
from tests.support.working_copy import WorkingCopy, copy_to


@pytest.fixture
def make_copy() -> Iterator[Callable[[], WorkingCopy]]:
    """Make copies that are down, and their processes gone, when the test ends."""
    made: list[WorkingCopy] = []

    def make(mode: int = 0o755) -> WorkingCopy:
        # Not below pytest's own directory: nobody else may enter that.
        folder = Path(tempfile.mkdtemp(prefix="slipway-copy-"))
        folder.chmod(mode)
        made.append(copy_to(folder / "work tree"))
        return made[-1]

    yield make
    for copy in made:
        copy.clean()
        shutil.rmtree(copy.root.parent)


@pytest.fixture
def fresh(make_copy) -> WorkingCopy:
    """A copy in which nothing was run yet."""
    return make_copy()


@pytest.fixture(scope="module")
def shared() -> Iterator[WorkingCopy]:
    """A copy whose stack is up when the module's first test begins; tests leave it as they found it, or down."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-copy-"))
    copy = copy_to(folder / "work tree")
    # A front door of its own: the one that stacks take by themselves is free while a test has its app stopped, and the
    # stack of another test would be taken for this one.
    copy.env["HTTP_PORT"] = str(free_port())
    try:
        copy.up()
        yield copy
    finally:
        copy.clean()
        shutil.rmtree(folder)


@pytest.fixture
def running(shared) -> WorkingCopy:
    """The shared copy, all up; healed if the test before left it otherwise."""
    if not shared.is_well():
        shared.up()
    return shared
