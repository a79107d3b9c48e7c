"""A stack that Dokploy deploys by itself from Git: the service that it is, and the one command that loses no request.

Each part of the command is docker compose; the first that fails ends it. What serves is not stopped before another colour
has taken over: green is brought from the new tree and takes over, then blue is replaced, takes over, and green goes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from slipway.engine.dokploy import deploying, dotenv
from slipway.engine.dokploy.api import readback, versions
from slipway.engine.dokploy.api.answers import Service
from slipway.engine.dokploy.api.client import Dokploy
from slipway.errors import SettingsError
from slipway.stack import references, render
from slipway.stack.model import Stack

FILE = "compose/dokploy.yaml"
BUILT = ("ops", "app")


@dataclass(frozen=True)
class Tree:
    """The repository as Dokploy clones it, and the branch."""

    url: str
    branch: str


def command(app_name: str, replicas: int) -> str:
    """What Dokploy runs after `docker `."""
    compose = f"compose -p {app_name} -f {FILE}"
    green = f"--scale app-green={replicas}"
    parts = (
        f"{compose} build",
        f"{compose} run --rm release prepare",
        f"{compose} up -d --no-deps {green} app-green",
        f"{compose} run --rm release switch green",
        f"{compose} up -d --remove-orphans {green}",
        f"{compose} run --rm release switch blue",
        f"{compose} up -d --remove-orphans",
    )
    return " && docker ".join(parts)


def environment(stack: Stack, rendered: str, tags: Mapping[str, str]) -> dict[str, str]:
    """The values that the file in the repository refers to. What it builds has names of its own there; of IMAGES=debian
    the rest, and what it builds on, come by the names of `tags`."""
    known = references.values(stack, {name: tag for name, tag in tags.items() if name not in BUILT}, {})
    if stack.settings.images == "debian":
        known |= {"SLIPWAY_OPS_BASE": tags["postgres"], "SLIPWAY_APP_BASE": tags.get("python", "")}
    return {key: known[key] for key in references.REFERENCE.findall(rendered) if key in known}


def refuse_stale(root: Path, stack: Stack, rendered: str) -> None:
    """Raises SettingsError where the file of this tree is not what the settings give: Dokploy would deploy another stack."""
    if stack.file != "dokploy":
        raise SettingsError(
            "ENVIRONMENT", stack.settings.environment, f"production, whose file is {FILE}", "--on production"
        )
    if render.stale({Path(FILE).name: rendered}, root / "compose"):
        raise SettingsError(
            FILE,
            "not what the settings give",
            "the file that Dokploy finds in the repository to be of these settings",
            "./invoke render --on production, then commit and push it",
        )


def arrange(
    client: Dokploy, service: Service, stack: Stack, tree: Tree, env: Mapping[str, str], marks: Mapping[str, str]
) -> bool:
    """Has the service deploy that branch by that command, with this environment; whether anything was changed.

    Deploys nothing. Raises TooOld where a version takes no chain of commands.
    """
    versions.check_chain(client.version)
    fields: dict[str, Any] = {
        "sourceType": "git",
        "customGitUrl": tree.url,
        "customGitBranch": tree.branch,
        "composePath": f"./{FILE}",
        "composeType": "docker-compose",
        "command": command(service.app_name, stack["app"].replicas),
    }
    text = dotenv.write({**env, **marks})
    before = client.stored(service)
    changed = any(readback.lost(fields, before.row)) or before.env.value != text
    if changed:
        client.transport.post("compose.update", composeId=service.id, **fields)
        client.transport.post("compose.saveEnvironment", composeId=service.id, env=text)
        after = client.stored(service)
        readback.check("compose.update", fields, after.row, client.version)
        readback.check("compose.saveEnvironment", {"env": text}, {"env": after.env.value}, client.version)
    return client.ensure_domain(service, deploying.domain(stack)) or changed
