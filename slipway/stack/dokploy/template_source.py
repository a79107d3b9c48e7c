"""The compose file of a blueprint: the stack as it is rendered for Dokploy, without what Dokploy's templates refuse."""

from __future__ import annotations

from pathlib import Path

from slipway.stack import model, references, render
from slipway.stack.dokploy.blueprint import Domain
from slipway.stack.model import Stack

PORT = 80  # of the gateway, which Dokploy's proxy leads the domain to


def compose_file(stack: Stack, root: Path) -> tuple[str, tuple[Domain, ...]]:
    """The compose file, and the front door, which gets the domain.

    Its networks and published ports are left out, and the names of volumes, which Dokploy makes up.
    """
    import yaml

    target = model.build(stack.settings.model_copy(update={"engine": "dokploy"}))
    text = references.of_any_colour(render.files(target, root)[f"{target.file}.yaml"])
    content = yaml.safe_load(text.replace(model.home(target.settings), "slipway"))
    content.pop("networks", None)
    for volume in content["volumes"].values():
        for part in ("name", "external"):
            volume.pop(part, None)
    # A template has neither a tree to build from nor a command of its own.
    content["services"].pop("release", None)
    for service in content["services"].values():
        for part in ("networks", "ports", "build"):
            service.pop(part, None)
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000), (Domain(target.front, PORT),)
