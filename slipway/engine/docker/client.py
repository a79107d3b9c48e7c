"""The connection to a Docker engine: DOCKER_HOST, then the current context, then the default socket."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slipway.engine.docker.tunnel import Tunnel
from slipway.errors import EngineError
from slipway.system import process

OLDEST = (20, 10)
MIGRATES = (5, 14)
DEFAULT_HOST = "unix:///var/run/docker.sock"


@dataclass(frozen=True)
class Connection:
    """An engine that answered."""

    api: Any  # docker.DockerClient
    host: str
    version: str
    kernel: str

    @property
    def migrates(self) -> bool:
        """Whether its kernel has net.ipv4.tcp_migrate_req (Linux 5.14)."""
        found = re.match(r"(\d+)\.(\d+)", self.kernel)
        return bool(found) and (int(found[1]), int(found[2])) >= MIGRATES

    @property
    def local(self) -> bool:
        """Whether the engine sees this machine's files: bind mounts need that."""
        return self.host.startswith(("unix://", "npipe://"))


def connect(environ: Mapping[str, str]) -> Connection:
    """The engine that the docker command would talk to. Raises EngineError that says which, and why it cannot."""
    import docker
    from docker.errors import DockerException

    host = host_of(environ)
    if host.startswith("unix://"):
        check_socket(host.removeprefix("unix://"))
    tunnel = Tunnel(host) if host.startswith("ssh://") else None
    try:
        url = tunnel.url if tunnel else host
        api = docker.DockerClient(base_url=url, timeout=30, version="auto", tls=tls(environ, host))
        about = api.version()
    except (DockerException, OSError) as error:
        complaint = tunnel.complaint() if tunnel else ""
        raise EngineError(
            "Docker",
            f"no answer from {host}: {complaint or first_line(error)}",
            "a Docker engine that answers",
            "docker version; on Debian: sudo scripts/docker-engine; without Docker: ENGINE=embedded",
        ) from None
    version = about["Version"]
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise EngineError(
            "Docker", f"engine {version}", "20.10 or newer", "upgrade Docker; on Debian: sudo scripts/docker-engine"
        )
    return Connection(api, host, version, about.get("KernelVersion", ""))


def host_of(environ: Mapping[str, str]) -> str:
    if environ.get("DOCKER_HOST"):
        return environ["DOCKER_HOST"]
    if environ.get("DOCKER_CONTEXT"):
        return host_of_context(environ, environ["DOCKER_CONTEXT"])
    from docker.context import ContextAPI

    context = ContextAPI.get_current_context()
    if context is None:
        raise EngineError("Docker", "its current context does not exist", "a context that exists", "docker context ls")
    return context.Host or DEFAULT_HOST


def host_of_context(environ: Mapping[str, str], name: str) -> str:
    """Asks the docker command: the SDK finds no context at all where there is no config.json."""
    try:
        return (
            process.output(
                ["docker", "context", "inspect", name, "--format", "{{.Endpoints.docker.Host}}"], env=environ
            ).strip()
            or DEFAULT_HOST
        )
    except process.Failed as failure:
        raise EngineError(
            "DOCKER_CONTEXT", name, "a context that exists", "docker context ls", failure.output
        ) from None


def check_socket(path: str) -> None:
    """A sentence for the two everyday cases before the SDK wraps them in four exceptions."""
    if not os.path.exists(path):
        raise EngineError(
            "Docker",
            f"there is no {path}",
            "a Docker engine that runs",
            "start Docker; on Debian: sudo scripts/docker-engine; without Docker: ENGINE=embedded",
        )
    if not os.access(path, os.R_OK | os.W_OK):
        raise EngineError(
            "Docker",
            f"this user may not use {path}",
            "a member of the docker group",
            "sudo usermod -aG docker $USER, then log in again",
        )


def tls(environ: Mapping[str, str], host: str):
    if not environ.get("DOCKER_TLS_VERIFY") or not host.startswith("tcp://"):
        return False
    from docker.tls import TLSConfig

    folder = environ.get("DOCKER_CERT_PATH") or os.path.expanduser("~/.docker")
    return TLSConfig(client_cert=(f"{folder}/cert.pem", f"{folder}/key.pem"), ca_cert=f"{folder}/ca.pem", verify=True)


def first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
