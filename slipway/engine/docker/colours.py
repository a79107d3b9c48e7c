"""The app's two colours on a Docker engine: one serves, a release starts beside it as the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from slipway.data.gates.interface import Probe
from slipway.engine.colours import service
from slipway.engine.docker import compose, containers, owner
from slipway.engine.docker.client import Connection
from slipway.engine.docker.lock import instant
from slipway.errors import EngineError
from slipway.plan import Progress
from slipway.stack import accepts

if TYPE_CHECKING:
    from slipway.engine.docker.engine import Docker

CRASHES = 3  # restarts after which a container is given up
STEADY = 10  # seconds after which Docker, too, takes a container to have started well
GONE = "its container is gone"


class Rollout:
    """Starts, watches and stops a release that runs beside another."""

    beside, notice = True, ""

    def __init__(self, engine: Docker):
        self.engine = engine

    @property
    def connection(self) -> Connection:
        return self.engine.connection

    def front(self) -> str:
        """The gateway's configuration as the settings ask for it, as JSON."""
        return self.engine.rendered_files[f"{self.engine.file.stem}.gateway.json"]

    def serving_colour(self) -> str:
        """The colour that serves now."""
        return self.engine.actual("app").removeprefix("app-")

    def group(self, colour: str) -> list[dict]:
        return containers.containers(self.connection, self.engine.stack.name).get(service(colour), [])

    def start(self, colour: str, image: str, progress: Progress) -> None:
        """Starts every container of a colour from an image that the engine has; the other colour is not touched."""
        engine = self.engine
        engine.write(progress)
        owner.claim(self.connection, engine.stack, engine.root)
        environment = engine.environment_for(image, colour)
        words = (*compose.UP, "--force-recreate", service(colour))
        compose.run(engine.compose(*words), environment, progress.say, "docker compose up")

    def target(self, colour: str, patience: float) -> Probe:
        """Where a colour answers, as seen from ops, and for how long it is asked: a name that stands for all of its containers."""
        engine = self.engine
        port, count = engine.stack.settings.app_port, engine.stack["app"].replicas
        return Probe(service(colour), port, count, patience, engine.site())

    def gave_up(self, colour: str) -> str:
        """How a colour has failed for good, or an empty text while there is hope."""
        group = self.group(colour)
        return gave_up(self.connection, group) if group else GONE

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

        try:
            stop(self.connection, container, self.engine.stack.grace)
            self.connection.api.api.remove_container(container, force=True)
        except NotFound:
            return
        except APIError as error:
            raise unstoppable(error) from None

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

    def about(self, image: str) -> dict:
        """What a release's record keeps of its image; empty texts where the engine has none of that name.

        {"image_id", "digest": the name under which a registry gives this very image for ever, or "" if it came from none,
        "tags": its other tags where it was built here, "accepts": the schema versions that its label declares}
        """
        from docker.errors import NotFound

        try:
            found = self.connection.api.api.inspect_image(image)
        except NotFound:
            return {"image_id": "", "digest": "", "tags": [], "accepts": ""}
        mine = [
            each
            for key in ("RepoDigests", "RepoTags")
            for each in found.get(key) or ()
            if repository(each) == repository(image)
        ]
        return {
            "image_id": found["Id"],
            "digest": next((each for each in mine if "@" in each), ""),
            "tags": []
            if self.engine.stack.settings.app_image
            else sorted(t for t in mine if "@" not in t and t != image),
            "accepts": (found["Config"].get("Labels") or {}).get(accepts.LABEL, ""),
        }

    def pull(self, image: str, progress: Progress) -> None:
        self.engine.pull(image, progress)

    def mark(self, image: str) -> str:
        """The fingerprint that a release of this image is started with."""
        return self.engine.environment_for(image)["SLIPWAY_CONFIG_APP_BLUE"]

    def drop(self, images: Sequence[str]) -> list[str]:
        """Removes images that no container uses; the others stay."""
        from docker.errors import APIError

        dropped = []
        for image in images:
            try:
                if not self.named_elsewhere(image):
                    self.connection.api.api.remove_image(image)
                    dropped.append(image)
            except APIError as error:
                if error.status_code not in (404, 409):
                    raise
        return dropped

    def named_elsewhere(self, image: str) -> bool:
        """Whether this is an id, and a tag stands for it still: what was built alike is another stack's image too, and to
        remove it by its id would take that tag away."""
        return image.startswith("sha256:") and bool(self.connection.api.api.inspect_image(image).get("RepoTags"))


def repository(image: str) -> str:
    """An image's name without tag and digest; a colon before a slash is that of a port."""
    name = image.partition("@")[0]
    return name if ":" not in name.rsplit("/", 1)[-1] else name.rsplit(":", 1)[0]


def stop(connection: Connection, container: str, grace: int) -> None:
    """Asks a container to end and kills it after `grace` seconds; one that is gone has ended."""
    from docker.errors import APIError, NotFound

    try:
        connection.api.api.stop(container, timeout=grace)
    except NotFound:
        return
    except APIError as error:
        raise unstoppable(error) from None


def unstoppable(error) -> EngineError:
    return EngineError("docker", str(error.explanation), "a container that stops", "./invoke doctor")


def gave_up(connection: Connection, group: Sequence[dict]) -> str:
    """How the first of these containers has given up that has; an empty text while there is hope for all."""
    return next((text for container in group if (text := describe_end(connection, container["Id"]))), "")


def describe_end(connection: Connection, container: str) -> str:
    """How a container has given up; an empty text while it runs, or may yet."""
    from docker.errors import NotFound

    try:
        state = connection.api.api.inspect_container(container)
    except NotFound:
        return GONE
    if state["State"]["Status"] in ("exited", "dead") or is_crashing(connection, state):
        restarts = [f"{state['RestartCount']} restarts"] if state["RestartCount"] else []
        # One that was just started anew has no exit code of its own yet.
        code = [] if state["State"]["Running"] else [f"it ended with code {state['State']['ExitCode']}"]
        return "; ".join((*restarts, *code))
    return ""


def is_crashing(connection: Connection, state: Mapping) -> bool:
    """Whether its restarts are of now: the engine counts them for ever, also those before a power cut was over."""
    if state["RestartCount"] < CRASHES:
        return False
    if state["State"]["Status"] == "restarting":
        return True
    now, started = connection.api.api.info()["SystemTime"], state["State"]["StartedAt"]
    return (instant(now) - instant(started)).total_seconds() < STEADY


def lines_of(connection: Connection, group: Sequence[dict], lines: int) -> tuple[str, ...]:
    return tuple(
        line
        for container in group
        for line in connection.api.api.logs(container["Id"], tail=lines).decode("utf-8", "replace").splitlines()
    )
