"""The compose file of a blueprint, made from the rendered file of an environment by leaving out what Dokploy refuses."""

from __future__ import annotations

from pathlib import Path

from slipway.stack import render
from slipway.stack.dokploy.blueprint import Domain
from slipway.stack.model import Stack

FRONT = "gateway"


def compose_file(stack: Stack, root: Path) -> tuple[str, tuple[Domain, ...]]:
    """The compose file as Dokploy's templates are to be, and the front door, which gets the domain.

    Without name, networks and published ports; a volume that is made beforehand elsewhere is one of the file's own.
    """
    import yaml

    content = yaml.safe_load(render.files(stack, root)[f"{stack.settings.environment}.yaml"])
    for part in ("name", "networks"):
        content.pop(part, None)
    for volume in content["volumes"].values():
        for part in ("name", "external"):
            volume.pop(part, None)
    port = inside(content["services"][FRONT]["ports"][0])
    for service in content["services"].values():
        for part in ("networks", "ports"):
            service.pop(part, None)
    content["services"][FRONT]["expose"] = [str(port)]
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000), (Domain(FRONT, port),)


def inside(port: str) -> int:
    """The container's side of a published port: 80 of 127.0.0.1:8080:80, 443 of 443:443/udp."""
    return int(str(port).rsplit(":", 1)[-1].partition("/")[0])
