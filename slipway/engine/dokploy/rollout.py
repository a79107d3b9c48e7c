"""The app's two colours on a server of Dokploy: what has the domain stays, and colours change behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from slipway.data.gates.interface import Probe
from slipway.engine.colours import service
from slipway.engine.dokploy import looking
from slipway.engine.dokploy.api.answers import Container
from slipway.plan import Progress

if TYPE_CHECKING:
    from slipway.engine.dokploy.engine import OnDokploy

GONE = "its container is gone"


class Rollout:
    """Starts, watches and stops a release that runs beside another."""

    beside, notice = True, ""

    def __init__(self, engine: OnDokploy):
        self.engine = engine

    def front(self) -> str:
        """The gateway's configuration as the settings ask for it, as JSON."""
        return self.engine.rendered[f"{self.engine.stack.file}.gateway.json"]

    def serving_colour(self) -> str:
        return self.engine.actual("app").removeprefix("app-")

    def group(self, colour: str) -> Sequence[Container]:
        return self.engine.containers().get(service(colour), ())

    def start(self, colour: str, image: str, progress: Progress) -> None:
        """Starts every container of a colour from an image; the other colour is not touched."""
        self.engine.put((service(colour),), (), image, progress, f"start app-{colour}")

    def target(self, colour: str, patience: float) -> Probe:
        """Where a colour answers, as seen from ops, and for how long it is asked."""
        engine = self.engine
        return Probe(
            service(colour), engine.stack.settings.app_port, engine.stack["app"].replicas, patience, engine.site()
        )

    def gave_up(self, colour: str) -> str:
        """How a colour has failed for good, or an empty text while there is hope."""
        group = self.group(colour)
        return looking.gave_up(group, self.engine.client.transport.ahead) if group else GONE

    def restarts(self, colour: str) -> int:
        return sum(each.restarts for each in self.group(colour))

    def log(self, colour: str, lines: int) -> tuple[str, ...]:
        return self.engine.lines_of(self.group(colour), lines)

    def retire(self, colour: str, progress: Progress) -> str:
        """Stops and removes every container of a colour, each with its grace period."""
        count = len(self.group(colour))
        if not count:
            return "none"
        self.engine.put((), (service(colour),), "", progress, f"stop app-{colour}")
        return f"{count} stopped"

    # -- images --------------------------------------------------------------------------------------------------

    def image(self) -> str:
        """The image that the settings and the working tree ask for."""
        return self.engine.stack.settings.app_image or self.engine.tags["app"]

    def image_id(self, image: str) -> str:
        """The name itself: the server tells nothing of images, and gets them by their names as it needs them."""
        return image

    def about(self, image: str) -> dict:
        return {"image_id": image, "digest": image if "@sha256:" in image else "", "tags": [], "accepts": ""}

    def pull(self, image: str, progress: Progress) -> None:
        """Nothing: the server pulls what it lacks as it starts it."""

    def mark(self, image: str) -> str:
        return self.engine.environment_for(image)["SLIPWAY_CONFIG_APP_BLUE"]

    def drop(self, images: Sequence[str]) -> list[str]:
        """Nothing: the server removes unused images by itself, each night."""
        return []
