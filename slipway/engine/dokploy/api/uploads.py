"""What a compose service is made of, written and read back: compose file, command, environment, files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from slipway.engine.dokploy.api import readback, versions
from slipway.engine.dokploy.api.answers import Service, Stored
from slipway.engine.dokploy.api.base import Base
from slipway.system.redact import NO_SECRET, Secret

PATH = "./docker-compose.yml"  # where the server writes the file of a raw service, whatever it is told


@dataclass(frozen=True)
class Content:
    """What a service shall be. `env` is one dotenv text; `command` is what follows `docker `, empty for the server's
    own; `files` are by their path under ../files/. `more` are further fields of compose.update.
    """

    compose_file: str
    env: Secret = NO_SECRET
    command: str = ""
    files: Mapping[str, Secret] = field(default_factory=dict)
    more: Mapping[str, Any] = field(default_factory=dict)

    def fields(self) -> dict[str, Any]:
        """Those of compose.update."""
        raw = {"sourceType": "raw", "composePath": PATH, "composeType": "docker-compose"}
        return {**raw, "composeFile": self.compose_file, "command": self.command, **self.more}


def changes(wanted: Content, found: Stored) -> tuple[str, ...]:
    """The names of all that differs, by the server's words for it, files by their path. Pure."""
    fields = wanted.fields()
    differing = [name for name in fields if found.row.get(name) != fields[name]]
    if wanted.env.value != found.env.value:
        differing.append("env")
    kept = {each.path: each.content.value for each in found.mounts}
    return (*differing, *(f"../files/{path}" for path, text in wanted.files.items() if kept.get(path) != text.value))


class Uploads(Base):
    """The part of the client that writes a service's content. Nothing of it runs before the next deploy; only
    files are in their place at once, and a container that has them mounted sees them.
    """

    def upload(self, service: Service, content: Content) -> tuple[str, ...]:
        """Writes what differs and says what it was. Raises Stripped for what was not kept as it was written.

        Files that are not in the content stay: `forget` takes them away, after the deploy that needs them no more.
        """
        if "&&" in content.command:
            versions.check_chain(self.version)
        differing = changes(content, self.stored(service))
        fields = {name: value for name, value in content.fields().items() if name in differing}
        if fields:
            self.transport.post("compose.update", composeId=service.id, **fields)
        if "env" in differing:
            self.transport.post("compose.saveEnvironment", composeId=service.id, env=content.env.value)
        for path, text in content.files.items():
            if f"../files/{path}" in differing:
                self.put_file(service, path, text)
        if differing:
            self.confirm(service, content)
        return differing

    def confirm(self, service: Service, content: Content) -> None:
        """Reads everything back. Raises Stripped."""
        found = self.stored(service)
        readback.check("compose.update", content.fields(), found.row, self.version)
        readback.check("compose.saveEnvironment", {"env": content.env.value}, {"env": found.env.value}, self.version)
        wanted = {path: text.value for path, text in content.files.items()}
        readback.check("mounts", wanted, {each.path: each.content.value for each in found.mounts}, self.version)

    def put_file(self, service: Service, path: str, text: Secret) -> None:
        """Writes one file, in place where the service has one of that path."""
        there = next((each for each in self.stored(service).mounts if each.path == path), None)
        if there:
            self.transport.post("mounts.update", mountId=there.id, content=text.value)
            return
        # A compose service has no use for mountPath, and the contract wants one.
        self.transport.post(
            "mounts.create",
            type="file",
            mountPath=f"/{path}",
            filePath=path,
            content=text.value,
            serviceType="compose",
            serviceId=service.id,
        )

    def forget(self, service: Service, path: str) -> bool:
        """Removes the file of that path; whether there was one."""
        found = [each for each in self.stored(service).mounts if each.path == path]
        for each in found:
            self.transport.post("mounts.remove", mountId=each.id)
        return bool(found)
