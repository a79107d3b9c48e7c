"""The rollout of an engine that keeps no images: the app is restarted where it runs, and nothing can be gone back to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from slipway.engine import Engine


class InPlace:
    """One app on one port. Of a rollout it has what is asked before anybody knows that there is no other colour."""

    beside = False
    notice = "this engine restarts the app in place: requests fail until it has booted, and there is no way back"

    def __init__(self, engine: Engine):
        self.engine = engine

    def front(self) -> str:
        return ""

    def serving_colour(self) -> str:
        return ""

    def image(self) -> str:
        return ""

    def image_id(self, image: str) -> str:
        return ""

    def about(self, image: str) -> Mapping:
        return {"image_id": "", "digest": "", "tags": [], "accepts": ""}

    def mark(self, image: str) -> str:
        return self.engine.wanted_fingerprints()["app"]

    def drop(self, images: Sequence[str]) -> list[str]:
        return []
