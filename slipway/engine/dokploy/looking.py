"""What a stack on Dokploy looks like: its containers, the data side's word on them, the front door."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from slipway.data.verb import Nothing
from slipway.engine import Seen, colours, running
from slipway.engine.dokploy import content, dotenv
from slipway.engine.dokploy.api.answers import Container
from slipway.engine.events import OtherVersion
from slipway.ops.interface import ACTIVE, OBSERVE, Gateway, Observed
from slipway.plan import Silent
from slipway.system import http

if TYPE_CHECKING:
    from slipway.engine.dokploy.engine import OnDokploy

CRASHES = 3  # restarts after which a container is given up
STEADY = 10.0  # seconds after which a container counts as started well


EDITED = "edited in Dokploy's page"  # in the place of a fingerprint, to which no wanted one is equal


def rows(found: Mapping[str, Sequence[Container]], edited: Collection[str]) -> dict[str, list[dict]]:
    """The containers in the form in which an engine lists them."""
    return {name: [row(each, name in edited) for each in group] for name, group in found.items()}


def row(container: Container, edited: bool) -> dict:
    health = "" if container.health == "none" else f" ({container.health})"
    restarts = f", {container.restarts} restarts" if container.restarts else ""
    return {
        "State": container.state,
        "Status": f"{container.state}{health}{restarts}",
        "Image": container.image,
        "ImageID": container.image_id,
        "Labels": dict(container.labels) | ({"slipway.config": EDITED} if edited else {}),
    }


def whole(engine: OnDokploy) -> Seen:
    """All that can be seen; ops is asked where it and Postgres run."""
    found = engine.containers()
    if not found:
        return Seen()
    listed = rows(found, edited(engine))
    services = running.services(engine.stack, listed)
    alive = {name for name, service in services.items() if service.state == "running"}
    stopped = "postgres" in engine.stack and "postgres" not in alive
    data = ask(engine) if "ops" in alive and not stopped else None
    gateway = data.gateway if data else gateway_of(engine, "ops" in alive)
    colour = colours.find_serving(found, gateway.active)
    services |= running.app(engine.stack, listed.get(colours.service(colour), []), colour)
    answering, answer = http.ask(engine.probe_url(), engine.site()) if "gateway" in services else (False, "")
    return Seen(
        services,
        data=data,
        answering=answering,
        last_answer=answer,
        colour=colour,
        idle_running=bool(found.get(colours.service(colours.other(colour)))),
        routed_to=gateway.active,
        gateway_up=gateway.up,
        front=gateway.config,
    )


def glance(engine: OnDokploy) -> Seen:
    """What the containers alone tell."""
    found = engine.containers()
    colour = colours.find_serving(found, "")
    listed = rows(found, edited(engine) if found else ())
    services = running.services(engine.stack, listed)
    services |= running.app(engine.stack, listed.get(colours.service(colour), []), colour)
    return Seen(services, colour=colour)


def ask(engine: OnDokploy) -> Observed | None:
    """The data side's word; none where an ops of another version says it in a form of its own."""
    try:
        return engine.inside(OBSERVE, Nothing(), Silent())
    except OtherVersion:
        return None


def gateway_of(engine: OnDokploy, alive: bool) -> Gateway:
    return engine.inside(ACTIVE, Nothing(), Silent()) if alive else Gateway("", False, "ops does not run", {})


def edited(engine: OnDokploy) -> set[str]:
    """The services that somebody has changed in Dokploy's page since they were started."""
    stored = engine.client.stored(engine.service())
    found = content.edited(stored.compose_file, dotenv.read(stored.env.value))
    return {"gateway" if name == engine.stack.front else name for name in found}


def staying(engine: OnDokploy) -> set[str]:
    """What runs, by its name in the rendered file.

    No container at all proves nothing: Dokploy says so too where its engine fails. Then it is what should run.
    """
    there = engine.containers()
    if not there:
        return content.running(engine.client.stored(engine.service()).compose_file)
    return {engine.front_of(name) for name, group in there.items() if any(map(runs, group))}


def runs(container: Container) -> bool:
    """Whether a container is there to stay: what has ended by itself is not started again by the way."""
    return container.state not in ("exited", "dead", "created", "removing")


def gave_up(group: Sequence[Container], ahead: float = 0.0) -> str:
    """How the first of these containers has given up that has; an empty text while there is hope for all."""
    return next((text for each in group if (text := describe_end(each, ahead))), "")


def describe_end(container: Container, ahead: float) -> str:
    restarts = [f"{container.restarts} restarts"] if container.restarts else []
    ended = container.state in ("exited", "dead")
    crashing = container.restarts >= CRASHES and (container.state == "restarting" or age(container, ahead) < STEADY)
    if not (ended or crashing):
        return ""
    code = [] if container.state == "running" else [f"it ended with code {container.exit_code}"]
    return "; ".join((*restarts, *code))


def age(container: Container, ahead: float) -> float:
    """Seconds since it was started, by the server's clock."""
    try:
        began = datetime.fromisoformat(container.started_at[:19]).replace(tzinfo=UTC)
    except ValueError:
        return STEADY
    return datetime.now(UTC).timestamp() + ahead - began.timestamp()
