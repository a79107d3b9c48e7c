"""What a stack on a Docker engine looks like: its containers, the data side's word on them, the front door."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from slipway.data.verb import Nothing
from slipway.engine import Running, Seen, colours, running
from slipway.engine.docker import containers
from slipway.engine.events import OtherVersion
from slipway.ops.interface import ACTIVE, OBSERVE, Gateway, Observed
from slipway.plan import Silent
from slipway.stack.model import Stack
from slipway.system import http

if TYPE_CHECKING:
    from slipway.engine.docker.engine import Docker


def whole(engine: Docker) -> Seen:
    """All that can be seen; ops is asked where it and Postgres run."""
    found = containers.containers(engine.connection, engine.stack.name)
    services = running.services(engine.stack, found)
    asked = services.get("ops", Running("")).state == "running" and "postgres" not in stopped_services(
        engine.stack, services
    )
    data = ask(engine) if asked else None
    gateway = data.gateway if data else gateway_of(engine, found)
    colour = colours.find_serving(found, gateway.active)
    services |= running.app(engine.stack, found.get(colours.service(colour), []), colour)
    answering, answer = http.ask(engine.probe_url(), engine.site()) if "gateway" in services else (False, "")
    return Seen(
        services,
        containers.tags(engine.connection),
        data,
        answering,
        answer,
        colour=colour,
        idle_running=bool(found.get(colours.service(colours.other(colour)))),
        routed_to=gateway.active,
        gateway_up=gateway.up,
        front=gateway.config,
    )


def ask(engine: Docker) -> Observed | None:
    """The data side's word; none where an ops of another version says it in a form of its own, until that is replaced."""
    try:
        return engine.inside(OBSERVE, Nothing(), Silent())
    except OtherVersion:
        return None


def gateway_of(engine: Docker, found: Mapping[str, list[dict]]) -> Gateway:
    """What ops knows of the gateway; nothing while ops does not run."""
    alive = any(container["State"] == "running" for container in found.get("ops", []))
    return engine.inside(ACTIVE, Nothing(), Silent()) if alive else Gateway("", False, "ops does not run", {})


def glance(engine: Docker) -> Seen:
    """What the containers alone tell; ops is about to be asked more, and starts for it now."""
    found = containers.containers(engine.connection, engine.stack.name)
    if ops := next((each for each in found.get("ops", []) if each["State"] == "running"), None):
        engine.ops.wake(ops["Id"])
    colour = colours.find_serving(found, "")
    services = running.services(engine.stack, found)
    services |= running.app(engine.stack, found.get(colours.service(colour), []), colour)
    return Seen(services, containers.tags(engine.connection), colour=colour)


def stopped_services(stack: Stack, services: Mapping[str, Running]) -> set[str]:
    return {service.name for service in stack.services if services.get(service.name, Running("")).state != "running"}
