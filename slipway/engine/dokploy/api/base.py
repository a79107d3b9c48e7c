"""What every part of the client stands on: one server, one key, the version that it told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from slipway.engine.dokploy.api import answers
from slipway.engine.dokploy.api.answers import Service, Stored
from slipway.engine.dokploy.api.transport import Transport
from slipway.engine.dokploy.api.versions import Version


@dataclass
class Base:
    transport: Transport
    version: Version

    def stored(self, service: Service) -> Stored:
        """All that the server keeps of a service. Raises Missing where somebody deleted it."""
        return answers.stored(self.transport.get("compose.one", composeId=service.id), "compose.one")

    def by_id(self, compose_id: str) -> Service:
        """The service of an id. Raises Missing."""
        return answers.stored(self.transport.get("compose.one", composeId=compose_id), "compose.one").service

    def rows_of(self, procedure: str, **query: Any) -> list[dict[str, Any]]:
        return answers.rows(self.transport.get(procedure, **query), procedure)
