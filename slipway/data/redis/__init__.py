"""One Redis: what it holds, saved as one file and given back whole."""

from __future__ import annotations

from slipway.data.backups.parts import Part
from slipway.data.redis.save import save

PART = Part(name="redis", title="Redis", file="redis.rdb", save=save)
