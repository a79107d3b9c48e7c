"""What a Docker engine runs of a stack: one question by label, never `compose ps`, which can take seconds."""

from __future__ import annotations

from collections.abc import Collection

from slipway.engine.docker.client import Connection
from slipway.errors import EngineError
from slipway.stack.model import Stack

PROJECT, SERVICE, ONE_OFF = "com.docker.compose.project", "com.docker.compose.service", "com.docker.compose.oneoff"


def containers(connection: Connection, project: str) -> dict[str, list[dict]]:
    """The project's containers by service, stopped ones included."""
    found: dict[str, list[dict]] = {}
    for container in connection.api.api.containers(all=True, filters={"label": f"{PROJECT}={project}"}):
        if container["Labels"].get(ONE_OFF) != "True":
            found.setdefault(container["Labels"].get(SERVICE, ""), []).append(container)
    return found


def volumes(connection: Connection, project: str) -> list[str]:
    """Names of the project's volumes: what `docker compose down --volumes` removes."""
    found = connection.api.volumes.list(filters={"label": f"{PROJECT}={project}"})
    return sorted(volume.name for volume in found)


def resume(connection: Connection, project: str, names: Collection[str]) -> None:
    """Makes these services ready for Compose, which neither starts nor replaces what is paused, and leaves what the engine
    lets wait for its next start: that is stopped, so that it is started at once."""
    for name, group in containers(connection, project).items():
        for container in group if name in names else ():
            if container["State"] == "paused":
                connection.api.api.unpause(container["Id"])
            elif container["State"] == "restarting":
                connection.api.api.stop(container["Id"])


def refuse_data_of_another(connection: Connection, stack: Stack, names: Collection[str]) -> None:
    """Raises EngineError where a store of these is to read the data that another program, or another version, has written."""
    there = containers(connection, stack.name)
    for name in names:
        wanted = stack[name].data_of if name in stack else ""
        found = next((each["Labels"].get("slipway.data", "") for each in there.get(name, ())), "")
        if found and wanted and found != wanted:
            raise EngineError(
                f"volume {stack.name}_{name}",
                f"its data is that of {found}, which {wanted} does not read",
                f"{found}, as the data is",
                f'set {found} in .env; nothing was changed. docs/operations.md, "Data that its store does not read"',
            )


def tags(connection: Connection) -> frozenset[str]:
    """Every image that the engine has, by tag and by digest."""
    return frozenset(
        tag
        for image in connection.api.api.images()
        for tag in (*(image.get("RepoTags") or ()), *(image.get("RepoDigests") or ()))
    )


def publisher(connection: Connection, port: int) -> str | None:
    """Name of the container that publishes a port, if one does."""
    for container in connection.api.api.containers():
        if any(entry.get("PublicPort") == port for entry in container.get("Ports") or ()):
            return container["Names"][0].lstrip("/")
    return None
