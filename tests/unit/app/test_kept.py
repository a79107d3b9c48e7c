"""The buffer of writes: its order, its bounds, and what a process finds that comes after another."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from uuid import UUID, uuid4

import pytest
from backend.adapters.buffer import SqliteBuffer
from backend.domain.callers import Caller
from backend.domain.errors import Unavailable
from backend.domain.kept import LARGEST, LONGEST, Fill, KeptTask
from backend.domain.requests import RequestKey
from backend.domain.tasks import NewTask, Status
from backend.usecases import kept
from backend.usecases.ports import Database

NOW = datetime(2026, 1, 5, 9, 10, tzinfo=UTC)
CALLER = Caller(UUID(int=1), UUID(int=2), "authenticated", MappingProxyType({"sub": str(UUID(int=1)), "aal": "aal1"}))
TASK = NewTask("title", "текст", Status.DONE, NOW, {"a": [1, {"b": None}]})


def wish(**changed: object) -> KeptTask:
    return replace(KeptTask(uuid4(), CALLER, TASK, RequestKey("key", "00ff"), NOW), **changed)


class Nowhere(Database):
    """A database that must not be asked."""


def test_a_write_comes_back_as_it_was_in_another_process_too(tmp_path: Path) -> None:
    async def run() -> None:
        first = SqliteBuffer(tmp_path)
        wishes = [wish(), wish(key=None)]
        for each in wishes:
            await first.keep(each)
        first.close()
        second = SqliteBuffer(tmp_path)
        assert second.fill.waiting == 2
        for each in wishes:
            found = await second.oldest()
            assert found == replace(each, caller=replace(CALLER, claims=dict(CALLER.claims)))
            await second.forget(each)
        assert await second.oldest() is None and second.fill == Fill(0, 0, 0)
        second.close()

    asyncio.run(run())


def test_its_file_is_for_its_owner_alone(tmp_path: Path) -> None:
    SqliteBuffer(tmp_path / "data").close()
    file = tmp_path / "data" / "kept-writes.sqlite"
    assert (file.stat().st_mode & 0o777, file.parent.stat().st_mode & 0o777) == (0o600, 0o700)


@pytest.mark.parametrize("fill", [Fill(LONGEST, 1, 0), Fill(1, LARGEST, 0)])
def test_a_full_buffer_takes_nothing_more(tmp_path: Path, fill: Fill) -> None:
    buffer = SqliteBuffer(tmp_path)
    buffer.fill = fill
    with pytest.raises(Unavailable, match="no more writes"):
        asyncio.run(kept.create_or_keep(Nowhere(), buffer, CALLER, TASK, None, NOW))
    buffer.close()


def test_what_comes_while_others_wait_waits_behind_them(tmp_path: Path) -> None:
    async def run() -> None:
        buffer = SqliteBuffer(tmp_path)
        await buffer.keep(wish())
        assert isinstance(await kept.create_or_keep(Nowhere(), buffer, CALLER, TASK, None, NOW), KeptTask)
        assert buffer.fill.waiting == 2
        buffer.close()

    asyncio.run(run())


def test_what_the_disk_does_not_take_is_refused_in_words_and_leaves_the_rest(tmp_path: Path) -> None:
    async def run() -> None:
        buffer = SqliteBuffer(tmp_path)
        await buffer.keep(first := wish())
        (pages,) = buffer._file.execute("PRAGMA page_count").fetchone()
        buffer._file.execute(f"PRAGMA max_page_count = {pages}")  # as on a disk that is full
        with pytest.raises(Unavailable, match="full"):
            await buffer.keep(wish(task=replace(TASK, description="x" * 9000)))
        assert await buffer.oldest() == first and buffer.fill.waiting == 1
        buffer.close()

    asyncio.run(run())
