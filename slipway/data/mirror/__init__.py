"""The object store beside a dump: what it held, and the bytes of it, each kept once by its content."""

from slipway.data.mirror.checking import files, find_missing, sample
from slipway.data.mirror.restoring import look, restore
from slipway.data.mirror.sweeping import sweep
from slipway.data.mirror.taking import take

__all__ = ["files", "find_missing", "look", "restore", "sample", "sweep", "take"]
