"""Make a task, or keep the wish for later while the database is away."""

from __future__ import annotations

from datetime import datetime
from uuid import uuid4

from backend.domain.callers import Caller
from backend.domain.errors import Away, Refused, Unavailable
from backend.domain.kept import KeptTask
from backend.domain.requests import RequestKey
from backend.domain.tasks import NewTask, Task
from backend.usecases.ports import Buffer, Database
from backend.usecases.tasks import create_task

FULL = "The database does not answer, and no more writes can be kept until it does; see /ready."


async def create_or_keep(
    database: Database, buffer: Buffer | None, caller: Caller, task: NewTask, key: RequestKey | None, now: datetime
) -> Task | KeptTask:
    """The task that was made; or the wish, kept on disk, where the database is away or others wait before it.

    Raises Unavailable when there is no buffer, or it is full.
    """
    wish = KeptTask(uuid4(), caller, task, key, now)
    if buffer is None:
        return await create_task(database, caller, task, key, wish.id)
    if not buffer.fill.waiting and (made := await made_now(database, wish)):
        return made
    if buffer.fill.full:
        raise Unavailable(FULL)
    await buffer.keep(wish)
    return wish


async def made_now(database: Database, wish: KeptTask) -> Task | None:
    """The task; None while the database is away. Whether it was made before the answer was lost, its id will tell."""
    try:
        return await create_task(database, wish.caller, wish.task, wish.key, wish.id)
    except Away:
        return None


async def carry_out_next(database: Database, buffer: Buffer) -> bool:
    """Carry out the oldest write; False when there is none, or the database is still away.

    A write is forgotten after it was carried out, so what is cut between the two is done again, and makes nothing new.
    """
    wish = await buffer.oldest()
    if wish is None:
        return False
    try:
        await create_task(database, wish.caller, wish.task, wish.key, wish.id)
    except Unavailable:
        return False
    except Refused as refused:
        await buffer.refuse(wish, refused.sentence)
    else:
        await buffer.forget(wish)
    return True
