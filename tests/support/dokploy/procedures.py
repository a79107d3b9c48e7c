"""What each procedure of the fake server does to its state, and the value that it answers; None is an empty body."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.support.dokploy import contract
from tests.support.dokploy.contract import ApiError
from tests.support.dokploy.state import Row, State, identifier, moment, suffix

Call = Callable[[State, Row], Any]
HANDLERS: dict[str, Call] = {}


def handles(name: str) -> Callable[[Call], Call]:
    def keep(call: Call) -> Call:
        HANDLERS[name] = call
        return call

    return keep


@handles("settings.getDokployVersion")
def version(state: State, given: Row) -> str:
    return f"v{'.'.join(map(str, state.version))}"


@handles("settings.getOpenApiDocument")
def document(state: State, given: Row) -> Row:
    known = contract.known_to(state.version)
    return {"openapi": "3.1.0", "paths": {f"/{name}": {each.method.lower(): {}} for name, each in known.items()}}


@handles("project.all")
def projects(state: State, given: Row) -> list[Row]:
    return [each | {"environments": places(state, {"projectId": key})} for key, each in state.projects.items()]


@handles("project.create")
def create_project(state: State, given: Row) -> Row:
    key = identifier()
    about = {"description": None, "env": "", "organizationId": "org", "createdAt": moment()}
    state.projects[key] = about | given | {"projectId": key}
    place = add_environment(state, {"name": "production", "projectId": key}, default=True)
    return {"project": state.projects[key], "environment": place}


@handles("project.remove")
def remove_project(state: State, given: Row) -> Row:
    row = state.row("projects", given["projectId"])
    del state.projects[row["projectId"]]
    for each in [each for each in state.environments.values() if each["projectId"] == row["projectId"]]:
        del state.environments[each["environmentId"]]
    return row


@handles("environment.byProjectId")
def places(state: State, given: Row) -> list[Row]:
    state.row("projects", given["projectId"])
    own = [each for each in state.environments.values() if each["projectId"] == given["projectId"]]
    return [each | {"compose": services(state, each["environmentId"])} for each in own]


def services(state: State, environment: str) -> list[Row]:
    names = ("composeId", "name", "appName", "composeStatus", "serverId")
    own = [each for each in state.composes.values() if each["environmentId"] == environment]
    return [{name: each[name] for name in names} for each in own]


@handles("environment.create")
def create_environment(state: State, given: Row) -> Row:
    state.row("projects", given["projectId"])
    return add_environment(state, given, default=False)


def add_environment(state: State, given: Row, default: bool) -> Row:
    key = identifier()
    about = {"description": None, "env": "", "isDefault": default, "createdAt": moment()}
    state.environments[key] = about | given | {"environmentId": key}
    return state.environments[key]


@handles("compose.create")
def create_compose(state: State, given: Row) -> Row:
    state.row("environments", given["environmentId"])
    wished = given.get("appName") or "compose"
    state.check(bool(re.fullmatch(r"[a-zA-Z0-9._-]{1,63}", wished)), "Input validation failed")
    key = identifier()
    state.composes[key] = {
        "description": None,
        "env": "",
        "composeFile": "",
        "sourceType": "github",
        "composeType": "docker-compose",
        "composePath": "./docker-compose.yml",
        "command": "",
        "autoDeploy": True,
        "refreshToken": identifier(),
        "randomize": False,
        "suffix": "",
        "isolatedDeployment": False,
        "isolatedDeploymentsVolume": False,
        "triggerType": "push",
        "watchPaths": [],
        "composeStatus": "idle",
        "serverId": None,
        "createdAt": moment(),
        "createEnvFile": True,
        "customGitUrl": None,
        "customGitBranch": None,
        **given,
        "composeId": key,
        "appName": f"{wished.lower()}-{suffix()}",
    }
    return shown(state, state.composes[key])


def shown(state: State, compose: Row) -> Row:
    """The row as this version shows it: a column that came later is not there."""
    hidden = () if state.version >= contract.V30 else ("createEnvFile",)
    return {name: value for name, value in compose.items() if name not in hidden}


@handles("compose.one")
def compose(state: State, given: Row) -> Row:
    row = state.row("composes", given["composeId"])
    place = state.environments[row["environmentId"]]
    return shown(state, row) | {
        "environment": place | {"project": state.projects[place["projectId"]]},
        "deployments": state.records("composeId", row["composeId"]),
        "mounts": [each for each in state.mounts.values() if each["composeId"] == row["composeId"]],
        "domains": [each for each in state.domains.values() if each["composeId"] == row["composeId"]],
        "backups": [],
        "server": None,
        "hasGitProviderAccess": True,
        "unauthorizedProvider": None,
    }


@handles("compose.update")
def update_compose(state: State, given: Row) -> Row:
    row = state.row("composes", given["composeId"])
    row.update({name: value for name, value in given.items() if value is not None})
    return shown(state, row)


@handles("compose.saveEnvironment")
def save_environment(state: State, given: Row) -> bool:
    state.row("composes", given["composeId"]).update(given)
    return True


@handles("compose.cancelDeployment")
def cancel(state: State, given: Row) -> None:
    raise ApiError(400, "BAD_REQUEST", "This feature is only available in the cloud version")


@handles("mounts.create")
def create_mount(state: State, given: Row) -> Row:
    compose = state.row("composes", given["serviceId"])
    key = identifier()
    kept = {name: value for name, value in given.items() if name not in ("serviceId",)}
    state.mounts[key] = kept | {"mountId": key, "composeId": compose["composeId"]}
    put(state, state.mounts[key])
    return state.mounts[key]


@handles("mounts.update")
def update_mount(state: State, given: Row) -> Row:
    row = state.row("mounts", given["mountId"])
    row.update(given)
    put(state, row)
    return row


@handles("mounts.remove")
def remove_mount(state: State, given: Row) -> Row:
    row = state.row("mounts", given["mountId"])
    del state.mounts[row["mountId"]]
    file(state, row).unlink(missing_ok=True)
    return row


def put(state: State, mount: Row) -> None:
    """At once, in place: a container that has it mounted sees the new content."""
    if mount["type"] == "file":
        path = file(state, mount)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(mount.get("content") or "")


def file(state: State, mount: Row) -> Path:
    home = state.home(state.composes[mount["composeId"]]["appName"])
    return home / "files" / (mount.get("filePath") or "")


@handles("docker.getContainersByAppNameMatch")
def containers(state: State, given: Row) -> list[Row]:
    return state.engine.containers(given["appName"])


@handles("docker.getConfig")
def config(state: State, given: Row) -> Row | None:
    return state.engine.inspect(given["containerId"])


@handles("compose.readLogs")
def container_log(state: State, given: Row) -> str:
    state.row("composes", given["composeId"])
    return state.engine.log(given["containerId"], int(given.get("tail") or 100))


@handles("destination.testConnection")
def test_destination(state: State, given: Row) -> None:
    keys = f"--s3-access-key-id={given['accessKey']} --s3-secret-access-key={given['secretAccessKey']}"
    raise ApiError(400, "BAD_REQUEST", f"Command failed: rclone ls {keys} :s3:{given['bucket']}")


def forget(state: State, compose: Row) -> None:
    """All that belongs to a service goes with it."""
    key = compose["composeId"]
    del state.composes[key]
    for table in (state.mounts, state.deployments, state.schedules, state.domains):
        for each in [name for name, row in table.items() if row.get("composeId") == key]:
            del table[each]
    shutil.rmtree(state.home(compose["appName"]), ignore_errors=True)
