"""The containers of a service as Docker sees them: what a deployment that is `done` says nothing about."""

from __future__ import annotations

from collections.abc import Mapping

from slipway.engine.dokploy.api import answers, meanings
from slipway.engine.dokploy.api.answers import Container, Service
from slipway.engine.dokploy.api.base import Base
from slipway.engine.dokploy.api.failures import DokployError, Missing

MOST_LINES = 10_000
LIST, INSPECT = "docker.getContainersByAppNameMatch", "docker.getConfig"

LOOKS = 5  # while containers come and go
ONE_OFF = "com.docker.compose.oneoff"


class Containers(Base):
    """The part of the client that looks at containers."""

    def log_of(self, service: Service, container: Container, lines: int) -> tuple[str, ...]:
        """The last lines that a container has written. Raises Missing once it is gone, and on versions before 0.29."""
        tail = max(1, min(lines, MOST_LINES))
        text = self.transport.get("compose.readLogs", composeId=service.id, containerId=container.id, tail=tail)
        return tuple(text.splitlines()) if isinstance(text, str) else ()

    def containers(self, service: Service) -> tuple[Container, ...]:
        """All of them but those of one command, stopped ones too, by name; none that is removed while one looks.

        The server answers with none at all where its engine fails: nothing there proves nothing. One that it lists and
        tells nothing of is there: raises DokployError, for what is taken to be gone would be removed.
        """
        where = {"serverId": service.server_id}
        for _ in range(LOOKS):
            rows = self.rows_of(LIST, appName=service.app_name, appType="docker-compose", **where)
            seen = [self.inspected(row, where) for row in rows]
            if None not in seen:
                found = [each for each in seen if each and each.labels.get(ONE_OFF) != "True"]
                return tuple(sorted(found, key=lambda each: each.name))
        raise DokployError(
            meanings.at(INSPECT),
            f"nothing of a container that is there ({service.app_name})",
            "what Docker says of it",
            "see whether Docker on the server is well, then type the same command again",
        )

    def inspected(self, row: dict, where: Mapping[str, str | None]) -> Container | None:
        """None for one that is gone, and where the engine of the server fails."""
        try:
            config = self.transport.get(INSPECT, containerId=answers.take(row, "containerId", str, LIST), **where)
        except Missing:
            return None
        return answers.container(row, config, INSPECT) if config is not None else None
