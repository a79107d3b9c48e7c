"""The connection to a Docker engine: DOCKER_HOST, then the current context, then the default socket."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from slipway.errors import EngineError

OLDEST = (20, 10)


@dataclass(frozen=True)
class Connection:
    """An engine that answered."""

    api: Any            # docker.DockerClient
    host: str
    version: str

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
    try:
        api = docker.DockerClient(base_url=host, use_ssh_client=host.startswith("ssh://"), timeout=30, version="auto",
                                  tls=tls(environ, host))
        version = api.version()["Version"]
    except (DockerException, OSError) as error:
        raise EngineError("Docker", f"no answer from {host}: {first_line(error)}", "a Docker engine that answers",
                          "docker version; on Debian: sudo scripts/docker-engine; without Docker: ENGINE=embedded") from None
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise EngineError("Docker", f"engine {version}", "20.10 or newer", "upgrade Docker; on Debian: sudo scripts/docker-engine")
    return Connection(api, host, version)


def host_of(environ: Mapping[str, str]) -> str:
    if environ.get("DOCKER_HOST"):
        return environ["DOCKER_HOST"]
    from docker.context import ContextAPI

    context = ContextAPI.get_context(environ.get("DOCKER_CONTEXT")) or ContextAPI.get_current_context()
    return (context.Host if context else None) or "unix:///var/run/docker.sock"


def check_socket(path: str) -> None:
    """A sentence for the two everyday cases before the SDK wraps them in four exceptions."""
    if not os.path.exists(path):
        raise EngineError("Docker", f"there is no {path}", "a Docker engine that runs",
                          "start Docker; on Debian: sudo scripts/docker-engine; without Docker: ENGINE=embedded")
    if not os.access(path, os.R_OK | os.W_OK):
        raise EngineError("Docker", f"this user may not use {path}", "a member of the docker group",
                          "sudo usermod -aG docker $USER, then log in again")


def tls(environ: Mapping[str, str], host: str):
    if not environ.get("DOCKER_TLS_VERIFY") or not host.startswith("tcp://"):
        return False
    from docker.tls import TLSConfig

    folder = environ.get("DOCKER_CERT_PATH") or os.path.expanduser("~/.docker")
    return TLSConfig(client_cert=(f"{folder}/cert.pem", f"{folder}/key.pem"), ca_cert=f"{folder}/ca.pem", verify=True)


def first_line(error: BaseException) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
