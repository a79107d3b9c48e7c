"""The services of the stack as data: what runs, from which image, what it needs. Pure: Settings in, Stack out."""

from __future__ import annotations

from dataclasses import dataclass

from slipway.config.settings import Settings
from slipway.stack import contract, pitr

POSTGRES = {"18": "postgres:18-trixie", "17": "postgres:17-trixie"}
CACHE = {"redis": "redis:8.0", "valkey": "valkey/valkey:9"}
GATEWAY = "caddy:2.11"
# MinIO's own images left Docker Hub in September 2026. Silo is the maintained fork: same environment, ports, routes.
OBJECTS = {
    "minio": "pgsty/silo:RELEASE.2026-09-03T13-18-01Z",
    "rustfs": "rustfs/rustfs:1.0.0",
    "garage": "dxflrs/garage:v2.4.1",
    "rclone": "rclone/rclone:1.75.2",
}
STORES = ("postgres", "redis", "objects")
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

    @property
    def stateful(self) -> bool:
        return self.name in STORES


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
    def target(self) -> str:
        return "local" if self.settings.local else "production"

    @property
    def stores(self) -> tuple[Service, ...]:
        return tuple(service for service in self.services if service.stateful)

    def __getitem__(self, name: str) -> Service:
        return {service.name: service for service in self.services}[name]

    def __contains__(self, name: str) -> bool:
        return any(service.name == name for service in self.services)


def build(settings: Settings) -> Stack:
    """The stack that the settings ask for. An external store is not among its services."""
    provider = provider_of(settings)
    names = [
        *(["postgres"] if settings.postgres == "bundled" else []),
        "redis",
        *(["objects"] if provider != "external" else []),
    ]
    memory = {"postgres": settings.postgres_memory, "redis": settings.redis_memory, "objects": settings.objects_memory}
    at = contract.Addresses(objects="http://objects:3900" if provider == "garage" else "http://objects:9000")
    voice = contract.REFERENCES
    archive = pairs(pitr.environment(settings, at, voice))
    taking = pairs(pitr.backup_environment(settings))
    told = {"postgres": archive}
    stores = tuple(
        Service(name, image(settings, name, provider), memory[name], environment=told.get(name, ())) for name in names
    )
    data_side = pairs(contract.ops(settings, provider, at, voice) | pitr.data_side(settings))
    return Stack(
        settings,
        provider,
        (
            *stores,
            Service("ops", reference("ops"), 512 * 2**20, environment=data_side),
            *(
                [Service("pitr", reference("ops"), 512 * 2**20, environment=data_side + archive + taking)]
                if settings.pitr
                else []
            ),
            Service(
                "app",
                settings.app_image or "slipway/app:latest",
                settings.app_memory,
                needs=tuple(names),
                environment=pairs({"HOST": "0.0.0.0"} | contract.app(settings, at, voice)),
                replicas=settings.app_replicas,
            ),
            Service("gateway", image(settings, "gateway", provider), 256 * 2**20),
        ),
    )


def provider_of(settings: Settings) -> str:
    return settings.s3_provider or ("rclone" if settings.images == "debian" else "minio")


def image(settings: Settings, name: str, provider: str) -> str:
    # The official image of Postgres has no pgBackRest: then it is the floor of one that is built here.
    if settings.images == "debian" or (name == "postgres" and settings.pitr):
        return reference(name)
    return {
        "postgres": POSTGRES[settings.postgres_version],
        "redis": CACHE[settings.redis],
        "gateway": GATEWAY,
        "objects": OBJECTS.get(provider, ""),
    }[name]


def reference(name: str) -> str:
    """An image that is built here: its tag follows its content, so it is handed over when the stack starts."""
    return f"${{SLIPWAY_{name.upper()}_IMAGE:-slipway/{name}:latest}}"


def pairs(values: dict[str, str]) -> tuple[str, ...]:
    """Environment in list form, which survives tools that re-serialise a compose file."""
    return tuple(f"{key}={value}" for key, value in values.items())
