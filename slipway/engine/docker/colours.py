"""The app's two colours on a Docker engine: one serves, a release starts beside it as the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from slipway.engine.docker import compose, observed
from slipway.engine.docker.client import Connection
from slipway.errors import EngineError
from slipway.plan import Progress

if TYPE_CHECKING:
    from slipway.engine.docker import Docker

COLOURS = ("blue", "green")
GRACE = 30  # seconds, the stop_grace_period of the rendered file
CRASHES = 3  # restarts after which a container is given up


def other(colour: str) -> str:
    return COLOURS[1 - COLOURS.index(colour)]


def service(colour: str) -> str:
    return f"app-{colour}"


def serving(found: Mapping[str, Sequence[dict]], gateway: Mapping) -> str:
    """The colour that serves: the gateway's, unless only the other one has containers."""
    there = [colour for colour in COLOURS if found.get(service(colour))]
    named = gateway.get("active") or COLOURS[0]
    return there[0] if len(there) == 1 else named


class Rollout:
    """Starts, watches and stops a release that runs beside another."""

    def __init__(self, engine: Docker):
        self.engine = engine

    @property
    def connection(self) -> Connection:
        return self.engine.connection

    def serving(self) -> str:
        """The colour that serves now."""
        return self.engine.actual("app").removeprefix("app-")

    def group(self, colour: str) -> list[dict]:
        return observed.containers(self.connection, self.engine.stack.name).get(service(colour), [])

    def start(self, colour: str, image: str, progress: Progress) -> None:
        """Starts every container of a colour from an image that the engine has; the other colour is not touched."""
        engine = self.engine
        engine.write(progress)
        environment = engine.environment_for(image, colour)
        words = (*compose.UP, "--force-recreate", service(colour))
        compose.run(compose.command(engine.stack, engine.file, *words), environment, progress.say, "docker compose up")

    def target(self, colour: str) -> Mapping:
        """Where a colour answers, as seen from ops: a name that stands for all of its containers."""
        app = self.engine.stack["app"]
        return {"host": service(colour), "port": self.engine.stack.settings.app_port, "count": app.replicas}

    def gave_up(self, colour: str) -> str:
        """How a colour has failed for good, or an empty text while there is hope."""
        group = self.group(colour)
        return (
            next((text for container in group if (text := ended(self.connection, container["Id"]))), "")
            if group
            else "its container is gone"
        )

    def restarts(self, colour: str) -> int:
        return sum(self.connection.api.api.inspect_container(each["Id"])["RestartCount"] for each in self.group(colour))

    def log(self, colour: str, lines: int) -> tuple[str, ...]:
        return lines_of(self.connection, self.group(colour), lines)

    def retire(self, colour: str, progress: Progress) -> str:
        """Stops and removes every container of a colour, each with its grace period."""
        group = self.group(colour)
        if not group:
            return "none"
        with ThreadPoolExecutor(len(group)) as pool:
            list(pool.map(lambda container: self.end(container["Id"]), group))
        return f"{len(group)} stopped"

    def end(self, container: str) -> None:
        from docker.errors import APIError, NotFound

        api = self.connection.api.api
        try:
            api.stop(container, timeout=GRACE)
            api.remove_container(container, force=True)
        except NotFound:
            return
        except APIError as error:
            raise EngineError("docker", str(error.explanation), "a container that stops", "./invoke doctor") from None

    # -- images --------------------------------------------------------------------------------------------------

    def image(self) -> str:
        """The image that the settings and the working tree ask for."""
        return self.engine.stack.settings.app_image or self.engine.tags["app"]

    def image_id(self, image: str) -> str:
        """The digest of an image on the engine, or an empty text if it has none of that name."""
        from docker.errors import NotFound

        try:
            return self.connection.api.api.inspect_image(image)["Id"]
        except NotFound:
            return ""

    def mark(self, image: str) -> str:
        """The fingerprint that a release of this image is started with."""
        return self.engine.environment_for(image)["SLIPWAY_CONFIG_APP_BLUE"]

    def drop(self, images: Sequence[str]) -> list[str]:
        """Removes images that no container uses; the others stay."""
        from docker.errors import APIError

        dropped = []
        for image in images:
            try:
                self.connection.api.api.remove_image(image)
                dropped.append(image)
            except APIError as error:
                if error.status_code not in (404, 409):
                    raise
        return dropped


def ended(connection: Connection, container: str) -> str:
    from docker.errors import NotFound

    try:
        state = connection.api.api.inspect_container(container)
    except NotFound:
        return "its container is gone"
    if state["RestartCount"] >= CRASHES or state["State"]["Status"] in ("exited", "dead"):
        restarts = [f"{state['RestartCount']} restarts"] if state["RestartCount"] else []
        # One that was just started anew has no exit code of its own yet.
        code = [] if state["State"]["Running"] else [f"it ended with code {state['State']['ExitCode']}"]
        return "; ".join((*restarts, *code))
    return ""


def lines_of(connection: Connection, group: Sequence[dict], lines: int) -> tuple[str, ...]:
    return tuple(
        line
        for container in group
        for line in connection.api.api.logs(container["Id"], tail=lines).decode("utf-8", "replace").splitlines()
    )
