"""The services of the stack as data: what runs, from which image, what it needs. Pure: Settings in, Stack out."""

from __future__ import annotations

from dataclasses import dataclass

from slipway.config.settings import Settings
from slipway.stack import contract, digests, pitr, stores
from slipway.stack.official import GATEWAY
from slipway.stack.stores import objects
from slipway.stack.voice import REFERENCES

DOCKERS_GRACE = 10


@dataclass(frozen=True)
class Service:
    """One service: its image, its memory limit in bytes, and the services that must answer before it starts.

    The app is one service here and two in the rendered file: a colour that serves and one that is idle.
    """

    name: str
    image: str
    memory: int
    needs: tuple[str, ...] = ()
    environment: tuple[str, ...] = ()
    replicas: int = 1
    data_of: str = ""  # the setting that decides who can read its data, as in .env

    @property
    def stateful(self) -> bool:
        return self.name in stores.NAMES


@dataclass(frozen=True)
class Stack:
    """What should run for these settings."""

    settings: Settings
    provider: str
    services: tuple[Service, ...]

    @property
    def name(self) -> str:
        return self.settings.stack

    @property
    def backups(self) -> str:
        """Name of the volume with the backups, where BACKUP_DIR names no directory."""
        return f"{self.name}-backups"

    @property
    def grace(self) -> int:
        """Seconds from SIGTERM to SIGKILL for what serves requests; at least what Docker gives by itself."""
        return max(self.settings.drain_timeout, DOCKERS_GRACE)

    @property
    def file(self) -> str:
        """What its rendered files are called; on a server of Dokploy that of production is compose/dokploy.yaml."""
        name = self.settings.environment
        if self.settings.on_dokploy:
            return "dokploy" if name == "production" else f"{name}.dokploy"
        return name

    @property
    def target(self) -> str:
        """The page among the templates."""
        if self.settings.on_dokploy:
            return "dokploy"
        return "local" if self.settings.local else "production"

    @property
    def front(self) -> str:
        """The gateway's name in the rendered file. On Dokploy it is a name for every stack of the server, since what has
        a domain joins a network that all of them share."""
        return f"{self.name}-gateway" if self.settings.on_dokploy else "gateway"

    @property
    def stores(self) -> tuple[Service, ...]:
        return tuple(service for service in self.services if service.stateful)

    def __getitem__(self, name: str) -> Service:
        return {service.name: service for service in self.services}[name]

    def __contains__(self, name: str) -> bool:
        return any(service.name == name for service in self.services)


def build(settings: Settings) -> Stack:
    """The stack that the settings ask for. An external store is not among its services."""
    at, voice = contract.addresses(settings), REFERENCES
    kept = tuple(
        Service(
            store.name,
            image(settings, store.name, store.image(settings)),
            store.memory(settings),
            environment=pairs(store.environment(settings, at, voice)),
            data_of=store.data_of(settings),
        )
        for store in stores.load()
        if store.bundled(settings)
    )
    data_side = pairs(contract.ops(settings, at, voice) | pitr.data_side(settings))
    archiving = pairs(pitr.environment(settings, at, voice) | pitr.backup_environment(settings))
    return Stack(
        settings,
        objects.provider(settings),
        (
            *kept,
            Service("ops", reference("ops", settings), 512 * 2**20, environment=data_side),
            *(
                [Service("pitr", reference("ops", settings), 512 * 2**20, environment=data_side + archiving)]
                if settings.pitr
                else []
            ),
            Service(
                "app",
                settings.app_image or f"{home(settings)}/app:latest",
                settings.app_memory,
                needs=tuple(service.name for service in kept),
                environment=pairs({"HOST": "0.0.0.0"} | contract.app(settings, at, voice)),
                replicas=settings.app_replicas,
            ),
            Service("gateway", image(settings, "gateway", GATEWAY), 256 * 2**20),
        ),
    )


def image(settings: Settings, name: str, official: str | None) -> str:
    return reference(name, settings) if settings.images == "debian" or not official else digests.pinned(official)


def reference(name: str, settings: Settings) -> str:
    """An image that is built here: its tag follows its content, so it is handed over when the stack starts."""
    return f"${{SLIPWAY_{name.upper()}_IMAGE:-{home(settings)}/{name}:latest}}"


def home(settings: Settings) -> str:
    """What images are named under that nobody has named. On a server of Dokploy, which builds those of several stacks,
    each has its own."""
    return "${COMPOSE_PROJECT_NAME:-slipway}" if settings.on_dokploy else "slipway"


def pairs(values: dict[str, str]) -> tuple[str, ...]:
    """Environment in list form, which survives tools that re-serialise a compose file."""
    return tuple(f"{key}={value}" for key, value in values.items())
