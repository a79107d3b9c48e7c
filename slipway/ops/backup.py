"""A backup of the stack as it serves: what is taken, by the release that it was taken of."""

from __future__ import annotations

from slipway.data.backups import take
from slipway.data.endpoints import Emit, Endpoints
from slipway.ops import releases


def backup(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """As `take.take`; the release is the one that is named, or the last good one."""
    release = args.get("release") or (releases.summary(ends).good or {}).get("id")
    return take.take(ends, dict(args) | {"release": release}, emit)
