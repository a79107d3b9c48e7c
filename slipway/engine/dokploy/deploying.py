"""A part of a stack brought to the server: written, read back, deployed, followed to its end, and looked at."""

from __future__ import annotations

import time
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

from slipway.engine.dokploy import content, dotenv, ends
from slipway.engine.dokploy.api import outcomes
from slipway.engine.dokploy.api.answers import Container, Service, Stored
from slipway.engine.dokploy.api.client import Dokploy
from slipway.engine.dokploy.api.domains import Domain
from slipway.engine.dokploy.api.failures import DokployError
from slipway.engine.dokploy.api.uploads import Content
from slipway.engine.dokploy.content import Part
from slipway.errors import EngineError, SettingsError
from slipway.plan import Progress
from slipway.stack.model import Stack
from slipway.stack.references import key as key_of
from slipway.system.redact import Secret

if TYPE_CHECKING:
    from slipway.engine.dokploy.engine import OnDokploy

SETTLE = 60.0  # seconds that containers may take to be as Dokploy says they are
KEEP = "SLIPWAY_KEEP_BACKUPS"
HOST = "SLIPWAY_DOMAIN"  # the domain that leads here by us


def put(
    client: Dokploy,
    service: Service,
    stack: Stack,
    part: Part,
    marks: Mapping[str, str],
    progress: Progress,
    title: str,
) -> None:
    """Writes the part and has it deployed. Raises EngineError for every end but a good one."""
    stored = client.stored(service)
    refuse_git(stored)
    file, values = content.written(part, stored.compose_file, dotenv.read(stored.env.value))
    progress.say("write it, and read it back")
    client.upload(service, Content(file, Secret(dotenv.write(values | marks))))
    lead_domain(client, service, stack, dotenv.read(stored.env.value).get(HOST, ""))
    deploy(client, service, progress, f"slipway: {title}")


def refuse_git(stored: Stored) -> None:
    """Raises SettingsError for a service that Dokploy deploys from Git: what is put there it does not read."""
    if stored.row.get("sourceType") == "git" and stored.row.get("customGitUrl"):
        raise SettingsError(
            f"Dokploy: compose service {stored.service.name}",
            f"it is deployed from Git ({stored.row.get('customGitBranch')})",
            "one that is deployed from here",
            "push, or press Deploy or Stop in Dokploy's page; to work from here again, set its provider to Raw there",
        )


def domain(stack: Stack) -> Domain:
    """The route of Dokploy's proxy to the gateway."""
    settings = stack.settings
    certificate = settings.dokploy_certificate
    return Domain(settings.domain, stack.front, 80, https=certificate != "none", certificate=certificate)


def lead_domain(client: Dokploy, service: Service, stack: Stack, before: str) -> bool:
    """The domain as the settings have it, from the next deployment on, and the one before it no more; whether that was new."""
    wanted = domain(stack)
    if before and before != wanted.host:
        client.remove_domain(service, replace(wanted, host=before))
    return client.ensure_domain(service, wanted)


def deploy(client: Dokploy, service: Service, progress: Progress, title: str) -> None:
    def tell(seen: outcomes.Pending | outcomes.Ended) -> None:
        progress.say(type(seen).__name__.lower())

    ends.refuse(client, client.follow(service, client.deploy(service, title), tell=tell))


def confirm(engine: OnDokploy, start: Collection[str], gone: Collection[str], values: Mapping[str, str]) -> None:
    """Sees to it that containers are as the deployment, which is called done, should have left them.

    Raises EngineError where they are not within a minute. Whether they work is for the gates to say.
    """
    deadline = time.monotonic() + SETTLE
    while wrong := differences(engine, start, gone, values):
        if time.monotonic() >= deadline:
            raise EngineError(
                "Dokploy: deployment",
                f"it is called done, and {wrong}",
                "containers as they were asked for",
                "see its log in Dokploy's page, then type the same command again",
            )
        time.sleep(0.5)


def differences(engine: OnDokploy, start: Collection[str], gone: Collection[str], values: Mapping[str, str]) -> str:
    """What of it is not as wanted, in words; empty for nothing."""
    found = {each: group for name, group in engine.containers().items() for each in (engine.front_of(name),) if group}
    for name in gone:
        if name in found:
            return f"{name} is there still"
    for name in start:
        mark = values[f"SLIPWAY_CONFIG_{key_of('gateway' if name == engine.stack.front else name)}"]
        group: list[Container] = found.get(name, [])
        if not group:
            return f"{name} has no container"
        if any(each.labels.get("slipway.config") != mark for each in group):
            return f"{name} runs with other settings"
    return ""


def take_down(
    client: Dokploy, service: Service, part: Part, marks: Mapping[str, str], volumes: bool, progress: Progress
) -> None:
    """Stops and removes the containers by a command in the place of Dokploy's own, which is put back afterwards.

    The file that stays starts nothing, whoever presses Deploy on Dokploy's page.
    """
    stored = client.stored(service)
    refuse_git(stored)
    if not stored.compose_file.strip():
        return
    kept = dotenv.read(stored.env.value)
    words = f"compose -p {service.app_name} -f docker-compose.yml down --remove-orphans"
    env = kept | {KEEP: "true"} if volumes else kept
    full = Content(stored.compose_file, Secret(dotenv.write(env)), words + (" --volumes" if volumes else ""))
    client.upload(service, full)
    try:
        deploy(client, service, progress, "slipway: down, with its data" if volumes else "slipway: down")
    except BaseException:
        with suppress(DokployError):  # the next command puts it back
            client.upload(service, Content(stored.compose_file, Secret(dotenv.write(kept))))
        raise
    file, values = content.written(part, "", {})
    left = Content("") if volumes else Content(file, Secret(dotenv.write(values | marks)))
    client.upload(service, left)
