"""A whole Supabase project exits into a stack of the embedded engine: database, logins, policies, objects."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import campaign
from tests.support.clone import Done, free_port
from tests.support.supabase.exits import Stack, assert_exits
from tests.support.supabase.home import held
from tests.support.supabase.source import Source, source
from tests.support.working_copy import WorkingCopy, copy_to

ROWS = 1_000_000 if campaign.LONG else 1_000  # of its largest table


@pytest.fixture
def project(postgres_of_debian) -> Iterator[Source]:
    """One that may be written into."""
    with source(rows=ROWS) as made:
        yield made


@pytest.fixture
def fresh(project: Source, tmp_path: Path) -> Iterator[WorkingCopy]:
    copy = copy_to(tmp_path / "work tree")
    copy.env |= {"HTTP_PORT": str(free_port()), "SUPABASE_DB_URL": project.url}
    try:
        yield copy
    finally:
        copy.clean()


def test_a_project_exits_into_a_stack(fresh: WorkingCopy, project: Source) -> None:
    def invoke(*words: str) -> Done:
        done = fresh.invoke(*words)
        return Done(done.returncode, done.stdout + done.stderr)

    tree = ("--tree", str(project.storage))
    assert_exits(Stack(fresh.root, invoke, lambda: fresh.url, lambda: held(fresh), tree), project)
