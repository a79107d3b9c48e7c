"""What `doctor` looks at on a Docker engine."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from slipway.engine import Finding
from slipway.engine.docker import checks, containers
from slipway.engine.docker.client import Connection
from slipway.errors import ENGINE_FULL

if TYPE_CHECKING:
    from slipway.engine.docker.engine import Docker

SKEW = 5.0  # seconds that clocks may differ


def every(engine: Docker, flag: str) -> Sequence[Callable[[], Iterator[Finding]]]:
    """The checks, each by itself: one that fails keeps no other from being made."""
    return (
        partial(version, engine.connection),
        compose,
        partial(clock, engine.connection),
        partial(port, engine),
        partial(room, engine),
        partial(exposed, engine, flag),
        partial(age, engine, flag),
    )


def version(connection: Connection) -> Iterator[Finding]:
    yield Finding("docker", f"engine {connection.version}")


def compose() -> Iterator[Finding]:
    """The docker command's compose plugin."""
    done = subprocess.run(["docker", "compose", "version", "--short"], capture_output=True, text=True, check=False)
    if done.returncode:
        yield Finding(
            "compose",
            "there is no `docker compose` (v2)",
            "install docker-compose-plugin; on Debian: sudo scripts/docker-engine",
        )
        return
    version = done.stdout.strip().lstrip("v")
    old = version.startswith("1.")
    yield Finding("compose", version, "install docker-compose-plugin, version 2" if old else "")


def clock(connection: Connection) -> Iterator[Finding]:
    """Signed S3 requests and certificates fail when clocks disagree."""
    theirs = datetime.fromisoformat(connection.api.info()["SystemTime"][:19]).replace(tzinfo=UTC)
    skew = abs((datetime.now(UTC) - theirs).total_seconds())
    yield Finding(
        "clock",
        f"{skew:.0f} s between this machine and the engine",
        "" if skew <= SKEW else "timedatectl set-ntp true, on both",
    )


def port(engine: Docker) -> Iterator[Finding]:
    """The port of the front door: whose it is."""
    number, connection = engine.stack.settings.front_port, engine.connection
    ours = "gateway" in containers.containers(connection, engine.stack.name)
    if not ours and connection.local and checks.is_listening(number, engine.stack.settings.front_host):
        holder = containers.publisher(connection, number)
        yield Finding(
            f"port {number}",
            f"taken by {f'container {holder}' if holder else 'another program'}",
            "stop it, or set HTTP_PORT in .env",
        )
    else:
        yield Finding(f"port {number}", "ours" if ours else "free")


def room(engine: Docker) -> Iterator[Finding]:
    """The engine's disk, as the data side sees it: it may be another one than this machine's, or far away."""
    data = engine.observe().data
    if data and (free := data.room) is not None:
        yield Finding(
            "engine's disk", f"{free / 2**30:.1f} GB free there", "" if free >= checks.ROOM else ENGINE_FULL[2]
        )


def exposed(engine: Docker, flag: str) -> Iterator[Finding]:
    """Ports that the stack's containers publish: only the gateway may face the world."""
    for service, group in containers.containers(engine.connection, engine.stack.name).items():
        public = {
            entry["PublicPort"]
            for container in group
            for entry in container.get("Ports") or ()
            if entry.get("PublicPort") and not entry.get("IP", "").startswith("127.")
        }
        if public and service != "gateway":
            yield Finding(
                service,
                f"published to the network on port {', '.join(map(str, sorted(public)))}",
                f"./invoke render && ./invoke up{flag}",
            )
        elif public:
            yield Finding("published", f"the gateway alone, on port {', '.join(map(str, sorted(public)))}")


def age(engine: Docker, flag: str) -> Iterator[Finding]:
    """Images of what runs that are older than IMAGES_MAX_DAYS, and official ones that no digest pins."""
    most, now = engine.stack.settings.images_max_days, datetime.now(UTC)
    loose = []
    for service, group in containers.containers(engine.connection, engine.stack.name).items():
        made = engine.connection.api.api.inspect_image(group[0]["ImageID"])["Created"]
        days = (now - datetime.fromisoformat(made[:19]).replace(tzinfo=UTC)).days
        built = service.removesuffix("-blue").removesuffix("-green") in engine.built_images
        if most and days > most:
            mend = "images.build --again" if built else "images.update"
            yield Finding(
                f"{service} image", f"{days} days old", f"./invoke {mend}{flag if built else ''} && ./invoke up{flag}"
            )
        if not built and "@sha256:" not in group[0]["Image"] and service in engine.stack:
            loose.append(group[0]["Image"])
    if loose:
        yield Finding("images", f"no digest pins {', '.join(sorted(loose))}; ./invoke images.update does")
