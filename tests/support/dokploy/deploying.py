"""The queue of the fake server and what a deployment does, one after the other: files, one command, its exit code."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import subprocess
import threading
from pathlib import Path

import yaml

from tests.support.dokploy import domains, rewriting
from tests.support.dokploy.contract import V30
from tests.support.dokploy.state import Row, State

CHECKED = (0, 29, 13)
FORBIDDEN = re.compile(r"[;|`$(){}<>\n\\]")


class CannotDeploy(Exception):
    """Why no command was run."""


class Worker:
    """Takes jobs until it is killed; the docker command that it began goes on without it, as an orphan."""

    def __init__(self, state: State):
        self.state = state
        self.wake = threading.Condition(state.lock)
        self.held = False  # keeps what is queued waiting
        self.dead = False
        self.processes: list[subprocess.Popen] = []
        self.thread = threading.Thread(target=self.work, daemon=True)
        self.thread.start()

    def put(self, job: Row) -> None:
        with self.wake:
            self.state.jobs.append(job)
            self.wake.notify_all()

    def hold(self, held: bool) -> None:
        with self.wake:
            self.held = held
            self.wake.notify_all()

    def kill(self) -> None:
        with self.wake:
            self.dead = True
            self.state.jobs.clear()
            self.wake.notify_all()

    def end_orphans(self) -> None:
        for each in self.processes:
            if each.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(each.pid, signal.SIGKILL)
            each.wait()

    def work(self) -> None:
        while True:
            with self.wake:
                self.wake.wait_for(lambda: self.dead or (self.state.jobs and not self.held))
                if self.dead:
                    return
                job = self.state.jobs[0]
                job["state"] = "active"
                record = self.begin(job)
            status = self.deploy(job, record) if record else ""
            with self.wake:
                if self.dead:
                    return
                if record:
                    self.end(job, record, status)
                if job in self.state.jobs:
                    self.state.jobs.remove(job)

    def begin(self, job: Row) -> Row | None:
        compose = self.state.composes.get(job["data"]["composeId"])
        if not compose:
            return None
        compose["composeStatus"] = "running"
        about = job["data"]
        return self.state.open_record(
            about["titleLog"], about["descriptionLog"], compose["appName"], composeId=compose["composeId"]
        )

    def end(self, job: Row, record: Row, status: str) -> None:
        self.state.close_record(record, status)
        compose = self.state.composes.get(job["data"]["composeId"])
        if compose:
            compose["composeStatus"] = status

    def deploy(self, job: Row, record: Row) -> str:
        compose = self.state.composes[job["data"]["composeId"]]
        with open(record["logPath"], "ab") as log:
            try:
                folder = write(self.state, compose)
                for words in commands(self.state, compose):
                    process = self.state.engine.begin(["docker", *words], folder, log)
                    self.processes.append(process)
                    if process.wait():
                        log.write("Error: ❌ the command failed\n".encode())
                        return "error"
            except (
                CannotDeploy,
                rewriting.Unresolved,
                domains.NoSuchService,
                yaml.YAMLError,
                OSError,
                KeyError,
            ) as error:
                log.write(f"Error: ❌ {type(error).__name__}: {error}\n".encode())
                return "error"
            log.write("Docker Compose Deployed: ✅\n".encode())
        return "done"


def write(state: State, compose: Row) -> Path:
    """The code folder, made anew for a raw service, with the file as Dokploy would have it, and .env beside it."""
    folder = state.home(compose["appName"]) / "code"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    file = folder / "docker-compose.yml"
    if compose["sourceType"] == "git":
        clone(compose, folder)
        file = folder / compose["composePath"]
        if not file.is_file():
            raise CannotDeploy("Compose file not found")
        compose = compose | {"composeFile": file.read_text()}
    elif compose["sourceType"] != "raw":
        raise CannotDeploy(f"{compose['sourceType']} provider not found")
    file.write_text(domains.convert(state, compose))
    if compose["createEnvFile"]:
        env = file.parent / ".env"
        env.write_text(rewriting.env_file(environment(state, compose)))
        env.chmod(0o644)
    return folder


def clone(compose: Row, folder: Path) -> None:
    words = ["git", "clone", "--quiet", "--depth", "1", "--branch", compose["customGitBranch"]]
    done = subprocess.run([*words, compose["customGitUrl"], str(folder)], text=True, capture_output=True)
    if done.returncode:
        raise CannotDeploy(done.stderr.strip())


def environment(state: State, compose: Row) -> dict[str, str]:
    place = state.environments[compose["environmentId"]]
    project = state.projects[place["projectId"]]
    own, of_project, of_place = (rewriting.parse_env(each["env"]) for each in (compose, project, place))
    first = {"APP_NAME": compose["appName"], "COMPOSE_PROJECT_NAME": compose["appName"]}
    last = {"DOCKER_CONFIG": f"{os.environ.get('HOME', '/root')}/.docker"}
    return first | last | rewriting.resolve(own, of_project, of_place)


def commands(state: State, compose: Row) -> list[list[str]]:
    """The words after `docker` of each command in turn. Raises CannotDeploy for what the version refuses."""
    command = compose["command"].strip()
    if not command:
        file = "docker-compose.yml" if compose["sourceType"] == "raw" else compose["composePath"]
        return [f"compose -p {compose['appName']} -f {file} up -d --build --remove-orphans".split()]
    if state.version >= CHECKED and FORBIDDEN.search(command):
        raise CannotDeploy("Command contains shell control characters")
    if CHECKED <= state.version < V30 and "&" in command:
        raise CannotDeploy("Command contains shell control characters")
    parts = [part.strip() for part in command.split("&&")]
    if any(not part.startswith("docker compose ") for part in parts[1:]):
        raise CannotDeploy("Chained commands must strictly start with 'docker compose '")
    return [[word.strip('"') for word in part.removeprefix("docker ").split()] for part in parts]
