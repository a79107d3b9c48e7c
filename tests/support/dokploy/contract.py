"""The procedures of the API: how each is asked, which fields it knows and needs, and since which version.

A field that a version does not know is dropped without a word, and so are all that nobody knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Version = tuple[int, int, int]
ALWAYS: Version = (0, 0, 0)
V29, V30 = (0, 29, 0), (0, 30, 0)


@dataclass(frozen=True)
class Procedure:
    method: str
    needed: tuple[str, ...]
    known: Mapping[str, Version]
    since: Version = ALWAYS


def asked(method: str, needed: str = "", known: str = "", since: Version = ALWAYS, **newer: Version) -> Procedure:
    words = (*needed.split(), *known.split())
    return Procedure(method, tuple(needed.split()), dict.fromkeys(words, ALWAYS) | newer, since)


COMPOSE = (
    "name description env composeFile sourceType composeType composePath command autoDeploy refreshToken randomize "
    "suffix isolatedDeployment isolatedDeploymentsVolume triggerType watchPaths environmentId composeStatus customGitUrl customGitBranch"
)
DOMAIN = "serviceName port path https certificateType customCertResolver internalPath stripPath"
SCHEDULE = "name cronExpression command"
SCHEDULE_MORE = "serviceName shellType script serverId enabled timezone description scheduleType composeId"

PROCEDURES: Mapping[str, Procedure] = {
    "settings.getDokployVersion": asked("GET"),
    "settings.getOpenApiDocument": asked("GET"),
    "project.all": asked("GET"),
    "project.create": asked("POST", "name", "description env"),
    "project.remove": asked("POST", "projectId"),
    "environment.byProjectId": asked("GET", "projectId"),
    "environment.create": asked("POST", "name projectId", "description"),
    "compose.one": asked("GET", "composeId"),
    "compose.create": asked(
        "POST", "name environmentId", "description composeType appName serverId composeFile", sourceType=V30
    ),
    "compose.update": asked("POST", "composeId", COMPOSE, createEnvFile=V30, icon=V30, serviceNetworks=V30),
    "compose.saveEnvironment": asked("POST", "composeId env", createEnvFile=V30),
    "compose.deploy": asked("POST", "composeId", "title description"),
    "compose.redeploy": asked("POST", "composeId", "title description"),
    "compose.stop": asked("POST", "composeId"),
    "compose.start": asked("POST", "composeId"),
    "compose.delete": asked("POST", "composeId", "deleteVolumes"),
    "compose.cleanQueues": asked("POST", "composeId"),
    "compose.cancelDeployment": asked("POST", "composeId"),
    "compose.getConvertedCompose": asked("GET", "composeId"),
    "compose.readLogs": asked("GET", "composeId containerId", "tail since search", since=V29),
    "mounts.create": asked("POST", "type mountPath serviceId", "filePath content hostPath volumeName serviceType"),
    "mounts.update": asked("POST", "mountId", "content filePath mountPath"),
    "mounts.remove": asked("POST", "mountId"),
    "deployment.allByCompose": asked("GET", "composeId"),
    "deployment.allByType": asked("GET", "id type"),
    "deployment.queueList": asked("GET", since=V29),
    "deployment.readLogs": asked("GET", "deploymentId", "tail", since=V29),
    "docker.getContainersByAppNameMatch": asked("GET", "appName", "appType serverId"),
    "docker.getConfig": asked("GET", "containerId", "serverId"),
    "domain.byComposeId": asked("GET", "composeId"),
    "domain.create": asked("POST", "host composeId", f"{DOMAIN} domainType"),
    "domain.update": asked("POST", "domainId host", DOMAIN, enabled=V30),
    "domain.delete": asked("POST", "domainId"),
    "schedule.create": asked("POST", SCHEDULE, SCHEDULE_MORE),
    "schedule.update": asked("POST", f"scheduleId {SCHEDULE}", SCHEDULE_MORE),
    "schedule.list": asked("GET", "id", "scheduleType"),
    "schedule.delete": asked("POST", "scheduleId"),
    "schedule.runManually": asked("POST", "scheduleId"),
    "destination.testConnection": asked("POST", "accessKey secretAccessKey bucket endpoint"),
}


class ApiError(Exception):
    """What the API answers with a status other than 200."""

    def __init__(self, status: int, code: str, message: str, fields: Mapping[str, list[str]] | None = None):
        super().__init__(message)
        self.status, self.code, self.message, self.fields = status, code, message, fields

    def body(self, path: str) -> dict[str, Any]:
        zod = {"formErrors": [], "fieldErrors": self.fields} if self.fields else None
        data = {"code": self.code, "httpStatus": self.status, "path": path, "zodError": zod}
        return {"message": self.message, "code": self.code, "data": data, "issues": []}


def missing(what: str) -> ApiError:
    return ApiError(404, "NOT_FOUND", f"{what} not found")


def known_to(version: Version) -> dict[str, Procedure]:
    return {name: each for name, each in PROCEDURES.items() if version >= each.since}


def accept(version: Version, method: str, name: str, fields: Mapping[str, Any]) -> dict[str, Any]:
    """The fields that the version knows. Raises ApiError for no such procedure, and for a field that is needed."""
    procedure = known_to(version).get(name)
    if not procedure or procedure.method != method:
        raise missing("Procedure")
    lacking = {each: ["Required"] for each in procedure.needed if fields.get(each) is None}
    if lacking:
        raise ApiError(400, "BAD_REQUEST", "Input validation failed", lacking)
    return {each: value for each, value in fields.items() if procedure.known.get(each, (9, 9, 9)) <= version}
