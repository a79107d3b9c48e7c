"""The containers of a service as Docker sees them: what a deployment that is `done` says nothing about."""

from __future__ import annotations

from slipway.engine.dokploy.api import answers
from slipway.engine.dokploy.api.answers import Container, Service
from slipway.engine.dokploy.api.base import Base
from slipway.engine.dokploy.api.failures import Missing

MOST_LINES = 10_000
LIST, INSPECT = "docker.getContainersByAppNameMatch", "docker.getConfig"


ONE_OFF = "com.docker.compose.oneoff"


class Containers(Base):
    """The part of the client that looks at containers."""

    def log_of(self, service: Service, container: Container, lines: int) -> tuple[str, ...]:
        """The last lines that a container has written. Raises Missing once it is gone, and on versions before 0.29."""
        tail = max(1, min(lines, MOST_LINES))
        text = self.transport.get("compose.readLogs", composeId=service.id, containerId=container.id, tail=tail)
        return tuple(text.splitlines()) if isinstance(text, str) else ()

    def containers(self, service: Service) -> tuple[Container, ...]:
        """All of them but those of one command, stopped ones too, by name. One that is removed between two questions is left out.

        The server answers with none at all where its engine fails: nothing there proves nothing.
        """
        where = {"serverId": service.server_id}
        listed = self.rows_of(LIST, appName=service.app_name, appType="docker-compose", **where)
        seen = []
        for row in listed:
            try:
                config = self.transport.get(INSPECT, containerId=answers.take(row, "containerId", str, LIST), **where)
            except Missing:
                continue
            if config is not None:  # an empty body, once the container is gone
                seen.append(answers.container(row, config, INSPECT))
        return tuple(sorted((each for each in seen if each.labels.get(ONE_OFF) != "True"), key=lambda each: each.name))
