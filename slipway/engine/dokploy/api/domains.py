"""The domains of a service: routes of Dokploy's proxy, which take effect at the next deploy."""

from __future__ import annotations

from dataclasses import dataclass

from slipway.engine.dokploy.api import readback
from slipway.engine.dokploy.api.answers import Service, take
from slipway.engine.dokploy.api.base import Base
from slipway.engine.dokploy.api.failures import Ambiguous

LIST = "domain.byComposeId"


@dataclass(frozen=True)
class Domain:
    """One host and path that lead to a port of a service of the compose file.

    `certificate` is none, letsencrypt or custom. The service must be in the file, or the whole deploy fails.
    """

    host: str
    service: str
    port: int
    path: str = "/"
    https: bool = False
    certificate: str = "none"

    def fields(self) -> dict[str, object]:
        return {
            "host": self.host,
            "serviceName": self.service,
            "port": self.port,
            "path": self.path,
            "https": self.https,
            "certificateType": self.certificate,
        }


class Domains(Base):
    """The part of the client that routes."""

    def domain_rows(self, service: Service, domain: Domain) -> list[dict]:
        """Those of the same host and path."""
        place = (domain.host, domain.path)
        listed = self.rows_of(LIST, composeId=service.id)
        return [each for each in listed if (each.get("host"), each.get("path") or "/") == place]

    def ensure_domain(self, service: Service, domain: Domain) -> bool:
        """The domain as wanted, made or changed as needed and read back; whether anything was written.

        Raises Stripped, and Ambiguous where two of one host and path would compete.
        """
        found = self.domain_rows(service, domain)
        if len(found) > 1:
            raise Ambiguous(
                f"Dokploy: domain {domain.host}{domain.path}",
                f"{len(found)} of that host and path",
                "one",
                "delete all but one in Dokploy's page",
            )
        fields = domain.fields()
        if found and not any(readback.lost(fields, found[0])):
            return False
        if found:
            self.transport.post("domain.update", domainId=take(found[0], "domainId", str, LIST), **fields)
        else:
            self.transport.post("domain.create", composeId=service.id, domainType="compose", **fields)
        kept = self.domain_rows(service, domain)
        readback.check("domain", fields, kept[0] if kept else {}, self.version)
        return True

    def remove_domain(self, service: Service, domain: Domain) -> bool:
        """Whether there was one."""
        found = self.domain_rows(service, domain)
        for each in found:
            self.transport.post("domain.delete", domainId=take(each, "domainId", str, LIST))
        return bool(found)
