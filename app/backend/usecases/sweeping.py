"""Remove bytes that no object has: of uploads that nobody completed, and of what was replaced or removed."""

from __future__ import annotations

import logging

from backend.domain.errors import Refused, Unavailable
from backend.domain.objects import Upload
from backend.usecases.object_ports import ObjectBytes
from backend.usecases.ports import Database

MOST = 20  # in one transaction: each is a request to the store
LOG = logging.getLogger("backend")


class Sweeper:
    """One sweep at a time, so that a store that hangs holds one connection to the database and not all of them."""

    def __init__(self) -> None:
        self._busy = False

    async def sweep(self, database: Database, store: ObjectBytes) -> None:
        """Remove what nobody waits for; what cannot be removed now stays for the next time."""
        if self._busy:
            return
        self._busy = True
        try:
            while await some(database, store) == MOST:
                pass
        except Refused as error:
            LOG.warning("storage: bytes are left for the next sweep: %s", error.sentence)
        finally:
            self._busy = False


async def some(database: Database, store: ObjectBytes) -> int:
    """Remove at most MOST, and say how many were. Raises Unavailable without the store or the database."""
    async with database.by_itself() as uploads:
        found = await uploads.expired(MOST)
        removed = [each for each in found if await is_removed(store, each)]
        for each in removed:
            await uploads.forget(each.id)
    return len(removed)


async def is_removed(store: ObjectBytes, upload: Upload) -> bool:
    """Whether the store has removed the bytes; False when it does not want to. Raises Unavailable."""
    try:
        if upload.multipart_id:
            await store.abort_parts(upload.key, upload.multipart_id)
        await store.delete(upload.key)
    except Unavailable:
        raise
    except Refused as error:
        LOG.warning("storage: %s is not removed: %s", upload.key, error.sentence)
        return False
    return True
