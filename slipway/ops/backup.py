"""A backup of the stack as it serves: what is taken, by the release that it was taken of."""

from __future__ import annotations

from dataclasses import replace

from slipway.data.backups import take
from slipway.data.backups.interface import Backup, Taken
from slipway.data.endpoints import Emit, Endpoints
from slipway.ops import releases


def backup(ends: Endpoints, args: Backup, emit: Emit) -> Taken:
    """As `take.take`; the release is the one that is named, or the last good one."""
    release = args.release or (releases.summary(ends).good or {}).get("id")
    return take.take(ends, replace(args, release=release), emit)
