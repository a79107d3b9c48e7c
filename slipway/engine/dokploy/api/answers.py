"""What the server answers, as data with types: only the fields that are used, each looked at before it is believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from slipway.engine.dokploy.api.failures import NotDokploy
from slipway.engine.dokploy.api.meanings import at
from slipway.system.redact import Secret

T = TypeVar("T")


@dataclass(frozen=True)
class Project:
    id: str
    name: str


@dataclass(frozen=True)
class Environment:
    id: str
    name: str
    project_id: str


@dataclass(frozen=True)
class Service:
    """A compose service. `app_name` is the name of its Docker project, chosen by the server and never changed."""

    id: str
    name: str
    app_name: str
    environment_id: str
    server_id: str | None = None


@dataclass(frozen=True)
class Mount:
    """A file beside the compose file, at ../files/<path>."""

    id: str
    path: str
    content: Secret


@dataclass(frozen=True)
class Stored:
    """What the server keeps of a compose service. `row` is all of it, secrets included: never to be shown."""

    service: Service
    compose_file: str
    env: Secret
    command: str
    status: str
    mounts: tuple[Mount, ...]
    row: Mapping[str, Any] = field(repr=False)


@dataclass(frozen=True)
class Deployment:
    """One record of a deployment or of a schedule's run; the status is running, done, error or cancelled.

    Times are the server's own, in ISO 8601. `error` is set only where the record itself could not be made.
    """

    id: str
    title: str
    status: str
    created_at: str
    finished_at: str | None
    error: str | None
    log_path: str


@dataclass(frozen=True)
class Job:
    """A deployment that waits in the server's memory, or runs (`active`)."""

    id: str
    compose_id: str
    title: str
    state: str


@dataclass(frozen=True)
class Container:
    """A container of the service. `health` is healthy, unhealthy, starting, or none without a health check;
    `service` its name in the compose file; times are the engine's own.
    """

    id: str
    name: str
    service: str
    state: str
    health: str
    restarts: int
    exit_code: int
    image: str
    image_id: str
    started_at: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Schedule:
    id: str
    name: str
    cron: str
    command: str
    service: str
    shell: str
    enabled: bool
    timezone: str


def take(row: Any, name: str, kind: type[T], procedure: str) -> T:
    """A field of an answer. Raises NotDokploy where it is not there, or of another type."""
    value = row.get(name) if isinstance(row, dict) else None
    if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
        raise NotDokploy(
            at(procedure),
            f"an answer without {name}" if value is None else f"{name} of type {type(value).__name__}",
            f"{name} of type {kind.__name__}",
            "this version answers in a shape that is not known here: see docs/dokploy.md for the versions that are",
        )
    return value


def optional(row: Mapping[str, Any], name: str) -> str | None:
    value = row.get(name)
    return value if isinstance(value, str) else None


def rows(value: Any, procedure: str) -> list[dict[str, Any]]:
    """A list of objects. Raises NotDokploy."""
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise NotDokploy(at(procedure), "no list of objects", "a list of objects", "check DOKPLOY_URL")
    return value


def project(row: Any, procedure: str) -> Project:
    return Project(take(row, "projectId", str, procedure), take(row, "name", str, procedure))


def environment(row: Any, procedure: str) -> Environment:
    ids = (take(row, name, str, procedure) for name in ("environmentId", "name", "projectId"))
    return Environment(*ids)


def service(row: Any, environment_id: str, procedure: str) -> Service:
    ids = [take(row, name, str, procedure) for name in ("composeId", "name", "appName")]
    return Service(*ids, environment_id, optional(row, "serverId"))


def stored(row: Any, procedure: str) -> Stored:
    found = service(row, take(row, "environmentId", str, procedure), procedure)
    mounts = [each for each in rows(row.get("mounts") or [], procedure) if each.get("type") == "file"]
    return Stored(
        found,
        optional(row, "composeFile") or "",
        Secret(optional(row, "env") or ""),
        optional(row, "command") or "",
        take(row, "composeStatus", str, procedure),
        tuple(mount(each, procedure) for each in mounts),
        row,
    )


def mount(row: Any, procedure: str) -> Mount:
    return Mount(
        take(row, "mountId", str, procedure), optional(row, "filePath") or "", Secret(optional(row, "content") or "")
    )


def deployment(row: Any, procedure: str) -> Deployment:
    texts = [take(row, name, str, procedure) for name in ("deploymentId", "title", "status", "createdAt")]
    return Deployment(
        *texts, optional(row, "finishedAt"), optional(row, "errorMessage"), optional(row, "logPath") or ""
    )


def job(row: Any, procedure: str) -> Job:
    about = take(row, "data", dict, procedure)
    return Job(
        str(row.get("id", "")),
        optional(about, "composeId") or "",
        optional(about, "titleLog") or "",
        take(row, "state", str, procedure),
    )


def schedule(row: Any, procedure: str) -> Schedule:
    texts = [take(row, name, str, procedure) for name in ("scheduleId", "name", "cronExpression", "command")]
    return Schedule(
        *texts,
        optional(row, "serviceName") or "",
        optional(row, "shellType") or "bash",
        take(row, "enabled", bool, procedure),
        optional(row, "timezone") or "UTC",
    )


def container(row: Any, config: Any, procedure: str) -> Container:
    """Of the list's row and `docker inspect`."""
    state = take(config, "State", dict, procedure)
    labels = take(take(config, "Config", dict, procedure), "Labels", dict, procedure)
    health = state.get("Health")
    return Container(
        take(row, "containerId", str, procedure),
        take(row, "name", str, procedure),
        optional(labels, "com.docker.compose.service") or "",
        take(state, "Status", str, procedure),
        (optional(health, "Status") if isinstance(health, dict) else None) or "none",
        take(config, "RestartCount", int, procedure),
        take(state, "ExitCode", int, procedure),
        optional(config["Config"], "Image") or "",
        take(config, "Image", str, procedure),
        optional(state, "StartedAt") or "",
        labels,
    )
