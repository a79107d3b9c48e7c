"""A Dokploy server, as this program uses it: the parts put together, and what starts and ends a service."""

from __future__ import annotations

from slipway.engine.dokploy.api import versions
from slipway.engine.dokploy.api.answers import Service
from slipway.engine.dokploy.api.containers import Containers
from slipway.engine.dokploy.api.deployments import Deployments
from slipway.engine.dokploy.api.domains import Domains
from slipway.engine.dokploy.api.failures import Missing
from slipway.engine.dokploy.api.places import Places
from slipway.engine.dokploy.api.schedules import Schedules
from slipway.engine.dokploy.api.transport import ANSWER_S, Transport
from slipway.engine.dokploy.api.uploads import Uploads
from slipway.system.redact import Secret

LONG_S = 600.0  # stopping waits for every container's own time to stop


class Dokploy(Places, Uploads, Domains, Deployments, Containers, Schedules):
    """One server and one key."""

    def stop(self, service: Service) -> None:
        """Stops its containers, and keeps them."""
        self.transport.post("compose.stop", within=LONG_S, composeId=service.id)

    def start(self, service: Service) -> None:
        self.transport.post("compose.start", within=LONG_S, composeId=service.id)

    def delete(self, service: Service, volumes: bool) -> bool:
        """Deletes the service, its records and containers, and with `volumes` its data; whether there was one.

        The server swallows what Docker says: look at the containers afterwards.
        """
        try:
            self.transport.post("compose.delete", within=LONG_S, composeId=service.id, deleteVolumes=volumes)
        except Missing:
            return False
        return True


def connect(url: str, key: Secret, answer_s: float = ANSWER_S) -> Dokploy:
    """The server at that address, whose version is known then and not too old.

    Raises SettingsError for an address or a key that can be none, DokployError for what the server says.
    """
    transport = Transport(url, key, answer_s)
    version = versions.parse(transport.get("settings.getDokployVersion"))
    return Dokploy(transport, versions.check(version))
