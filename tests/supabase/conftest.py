"""A Supabase project, made once for all tests that only look at it."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.clone import free_port
from tests.support.supabase.source import Missing, Source, programs, source
from tests.support.working_copy import WorkingCopy, copy_to


@pytest.fixture(scope="session")
def postgres_of_debian() -> None:
    """Leaves the tests out where the system has no PostgreSQL with pg_cron; a CI run has it, and fails without."""
    try:
        programs()
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


@pytest.fixture(scope="session")
def project(postgres_of_debian) -> Iterator[Source]:
    """One whose tables the API sees by default, as those made before 2026-05-30. Leave it as it is."""
    with source() as made:
        yield made


@pytest.fixture(scope="session")
def explicit(postgres_of_debian) -> Iterator[Source]:
    """One whose tables are granted one by one. Leave it as it is."""
    with source("explicit", rows=10) as made:
        yield made


@pytest.fixture(scope="module")
def stack(project: Source) -> Iterator[WorkingCopy]:
    """A stack of the embedded engine that was told of the project."""
    folder = Path(tempfile.mkdtemp(prefix="slipway-copy-"))
    copy = copy_to(folder / "work tree")
    copy.env |= {"HTTP_PORT": str(free_port()), "SUPABASE_DB_URL": project.url}
    try:
        copy.up()
        yield copy
    finally:
        copy.clean()
        shutil.rmtree(folder)
