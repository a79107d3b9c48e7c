"""Project, environment and compose service: found by name, made where there is none, refused where there are two."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, TypeVar

from slipway.engine.dokploy.api import answers
from slipway.engine.dokploy.api.answers import Environment, Project, Schedule, Service
from slipway.engine.dokploy.api.base import Base
from slipway.engine.dokploy.api.failures import Ambiguous, DokployError
from slipway.errors import SettingsError

Named = TypeVar("Named", Project, Environment, Service, Schedule)
LONGEST = 55  # of 63 that Docker's names have, seven for the server's own suffix


def only(kind: str, name: str, all_of_them: Iterable[Named]) -> Named | None:
    """The one of this name. Raises Ambiguous: the server lets two have one name, and the wrong one might be deployed."""
    found = [each for each in all_of_them if each.name == name]
    if len(found) > 1:
        ids = ", ".join(each.id for each in found)
        raise Ambiguous(
            f"Dokploy: {kind} {name}",
            f"{len(found)} of that name: {ids}",
            "one",
            "rename or delete all but one in Dokploy's page",
        )
    return found[0] if found else None


class Places(Base):
    """The part of the client that finds and makes. Whatever it makes it finds again, so that a second run makes none."""

    def projects(self) -> tuple[Project, ...]:
        return tuple(answers.project(row, "project.all") for row in self.rows_of("project.all"))

    def environments(self, project: Project) -> tuple[Environment, ...]:
        listed = self.rows_of("environment.byProjectId", projectId=project.id)
        return tuple(answers.environment(row, "environment.byProjectId") for row in listed)

    def services(self, environment: Environment) -> tuple[Service, ...]:
        """The compose services of an environment, as far as the key's user may see them."""
        listed = self.rows_of("environment.byProjectId", projectId=environment.project_id)
        row = next((each for each in listed if each.get("environmentId") == environment.id), {})
        inner = answers.rows(row.get("compose") or [], "environment.byProjectId")
        return tuple(answers.service(each, environment.id, "environment.byProjectId") for each in inner)

    def find(self, project: str, environment: str, service: str) -> Service | None:
        """The service by its three names, or None; makes nothing."""
        one = only("project", project, self.projects())
        two = only("environment", environment, self.environments(one)) if one else None
        return only("compose service", service, self.services(two)) if two else None

    def ensure(self, project: str, environment: str, service: str, server_id: str | None = None) -> Service:
        """The service by its three names, each made if missing; on the server of that id, or on Dokploy's own."""
        home = self.ensure_environment(self.ensure_project(project), environment)
        found = only("compose service", service, self.services(home))
        if not found:
            self.make("compose.create", name=service, environmentId=home.id, **first_name(service), **on(server_id))
            found = self.made("compose service", service, self.services(home))
        found = self.stored(found).service
        if found.server_id != server_id:
            raise SettingsError(
                f"Dokploy: compose service {service}",
                f"it lives on server {found.server_id or '(Dokploy itself)'}, which cannot be changed",
                f"server {server_id or '(Dokploy itself)'}",
                "set the server to where it lives, or delete the service in Dokploy's page",
            )
        return found

    def ensure_project(self, name: str) -> Project:
        found = only("project", name, self.projects())
        if found:
            return found
        self.make("project.create", name=name)
        return self.made("project", name, self.projects())

    def ensure_environment(self, project: Project, name: str) -> Environment:
        """Every project has `production` from its beginning."""
        found = only("environment", name, self.environments(project))
        if found:
            return found
        self.make("environment.create", name=name, projectId=project.id)
        return self.made("environment", name, self.environments(project))

    def make(self, procedure: str, **fields: Any) -> None:
        # Its answer is not used: it may get lost on the way, and what counts is what is there afterwards.
        self.transport.post(procedure, **fields)

    def made(self, kind: str, name: str, all_of_them: Iterable[Named]) -> Named:
        found = only(kind, name, all_of_them)
        if not found:
            raise DokployError(
                f"Dokploy: {kind} {name}",
                "made, and not among those that this key may see",
                "it to be listed",
                "have an owner give the key's user access to it, or use their key",
            )
        return found


def first_name(service: str) -> dict[str, str]:
    """What the server is to begin the Docker project's name with; it appends six characters of its own."""
    plain = re.sub(r"[^a-z0-9-]+", "-", service.lower()).strip("-")[:LONGEST]
    return {"appName": plain} if plain else {}


def on(server_id: str | None) -> dict[str, str]:
    return {"serverId": server_id} if server_id else {}
