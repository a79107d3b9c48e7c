"""See and change one's profile."""

from __future__ import annotations

from backend.domain.callers import Caller
from backend.domain.errors import NotFound
from backend.domain.profiles import Profile, ProfileChanges
from backend.usecases.ports import Database


async def get_profile(database: Database, caller: Caller) -> Profile:
    """The caller's profile. Raises NotFound."""
    async with database.acting_as(caller) as stores:
        profile = await stores.profiles.get()
    if profile is None:
        raise NotFound("You have no profile yet; PATCH it with a display_name.")
    return profile


async def change_profile(database: Database, caller: Caller, changes: ProfileChanges) -> Profile:
    """The caller's profile as it is then, made if there was none."""
    async with database.acting_as(caller) as stores:
        return await stores.profiles.put(changes)
