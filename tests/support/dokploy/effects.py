"""The procedures of the fake server that make Docker do something: deploy, stop, delete, run a schedule."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from tests.support.dokploy.procedures import forget, handles
from tests.support.dokploy.state import Row, State, identifier

JSON_SINCE, RUNS_SINCE = (0, 26, 0), (0, 29, 14)


def queue(state: State, given: Row, kind: str) -> Row | None:
    compose = state.row("composes", given["composeId"])
    state.jobs_made += 1
    about = {"composeId": compose["composeId"], "titleLog": given.get("title") or "Manual deployment"}
    about |= {"descriptionLog": given.get("description") or "", "type": kind, "applicationType": "compose"}
    state.worker.put({"id": f"job-{state.jobs_made}", "data": about, "state": "waiting"})
    said = {"deploy": "Deployment queued", "redeploy": "Redeployment queued"}[kind]
    answer = {"success": True, "message": said, "composeId": compose["composeId"]}
    return answer if state.version >= JSON_SINCE else None


@handles("compose.deploy")
def deploy(state: State, given: Row) -> Row | None:
    return queue(state, given, "deploy")


@handles("compose.redeploy")
def redeploy(state: State, given: Row) -> Row | None:
    return queue(state, given, "redeploy")


@handles("compose.cleanQueues")
def clean_queues(state: State, given: Row) -> None:
    state.jobs[:] = [
        job for job in state.jobs if job["state"] == "active" or job["data"]["composeId"] != given["composeId"]
    ]


@handles("compose.stop")
def stop(state: State, given: Row) -> bool:
    compose = state.row("composes", given["composeId"])
    run(state, compose, ["compose", "-p", compose["appName"], "stop"])
    compose["composeStatus"] = "idle"
    return True


@handles("compose.start")
def start(state: State, given: Row) -> bool:
    compose = state.row("composes", given["composeId"])
    run(state, compose, ["compose", "-p", compose["appName"], "-f", "docker-compose.yml", "up", "-d"])
    compose["composeStatus"] = "done"
    return True


@handles("compose.delete")
def delete(state: State, given: Row) -> Row:
    compose = state.row("composes", given["composeId"])
    volumes = ["--volumes"] if given.get("deleteVolumes") else []
    run(state, compose, ["compose", "-p", compose["appName"], "down", *volumes])  # whatever it says
    forget(state, compose)
    return compose


def run(state: State, compose: Row, words: Sequence[str]) -> int:
    folder = state.home(compose["appName"]) / "code"
    folder.mkdir(parents=True, exist_ok=True)
    with open(state.folder / "docker.log", "ab") as log:
        return state.engine.begin(["docker", *words], folder, log).wait()


@handles("deployment.allByCompose")
def records(state: State, given: Row) -> list[Row]:
    state.row("composes", given["composeId"])
    return state.records("composeId", given["composeId"])


@handles("deployment.allByType")
def records_by_type(state: State, given: Row) -> list[Row]:
    return state.records(f"{given['type']}Id", given["id"])


@handles("deployment.queueList")
def jobs(state: State, given: Row) -> list[Row]:
    return [dict(job) for job in state.jobs]


@handles("deployment.readLogs")
def read_log(state: State, given: Row) -> str:
    record = state.row("deployments", given["deploymentId"])
    lines = Path(record["logPath"]).read_text(errors="replace").splitlines(keepends=True)
    return "".join(lines[-int(given.get("tail") or 100) :])


@handles("schedule.create")
def create_schedule(state: State, given: Row) -> Row:
    state.row("composes", given["composeId"])
    key = identifier()
    plain = {"shellType": "bash", "enabled": True, "timezone": "UTC", "serviceName": None, "script": None}
    state.schedules[key] = plain | given | {"scheduleId": key, "appName": f"schedule-{key[:6].lower()}"}
    return state.schedules[key]


@handles("schedule.update")
def update_schedule(state: State, given: Row) -> Row:
    state.row("schedules", given["scheduleId"]).update(given)
    return state.schedules[given["scheduleId"]]


@handles("schedule.list")
def schedules(state: State, given: Row) -> list[Row]:
    return [
        each | {"deployments": state.records("scheduleId", key)}
        for key, each in state.schedules.items()
        if each["composeId"] == given["id"]
    ]


@handles("schedule.delete")
def delete_schedule(state: State, given: Row) -> bool:
    state.row("schedules", given["scheduleId"])
    del state.schedules[given["scheduleId"]]
    return True


@handles("schedule.runManually")
def run_schedule(state: State, given: Row) -> Any:
    """200 whatever came of it; the exit code is not told."""
    with state.lock:
        schedule = state.row("schedules", given["scheduleId"])
        compose = state.composes[schedule["composeId"]]
        record = state.open_record("Schedule", "", schedule["appName"], scheduleId=schedule["scheduleId"])
    code = execute(state, compose, schedule, Path(record["logPath"]))
    with state.lock:
        state.close_record(record, "error" if code else "done")
    answer = {name: record[name] for name in ("status", "deploymentId", "logPath")}
    return answer if state.version >= RUNS_SINCE else None


def execute(state: State, compose: Row, schedule: Row, path: Path) -> int:
    container = running(state, compose, schedule["serviceName"])
    with open(path, "ab") as log:
        if not container:
            log.write("❌ No running container found\n".encode())
            return 1
        words = ["docker", "exec", container, schedule["shellType"], "-c", schedule["command"]]
        return state.engine.begin(words, path.parent, log).wait()


def running(state: State, compose: Row, service: str) -> str | None:
    for each in state.engine.containers(compose["appName"]):
        inspected = state.engine.inspect(each["containerId"])
        labels = inspected["Config"]["Labels"] if inspected else {}
        if each["state"] == "running" and labels.get("com.docker.compose.service") == service:
            return each["containerId"]
    return None


LONG = ("schedule.runManually", "compose.stop", "compose.start", "compose.delete")  # not under the lock
