"""What comes before pending migrations: a rehearsal, where it is asked for."""

from __future__ import annotations

from slipway.plan import Level
from slipway.verbs.db import rehearse
from slipway.world import World


def levels(world: World, migrate: Level) -> tuple[Level, ...]:
    """The steps before `migrate`; none where nothing is pending, or REHEARSE is off."""
    return ((rehearse.step(world),),) if migrate and world.settings.rehearse else ()
