"""The stack as supervised local processes: real servers for its stores, and the app, with no Docker at all."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, nullcontext
from functools import cached_property, partial
from pathlib import Path
from types import MappingProxyType

from slipway.data.verb import A, Nothing, R, Verb
from slipway.engine import Build, Finding, Running, Seen
from slipway.engine.embedded import owner
from slipway.engine.embedded.access import Access
from slipway.engine.in_place import InPlace
from slipway.engine.owner import refuse_other
from slipway.errors import SettingsError
from slipway.ops.interface import OBSERVE
from slipway.plan import Progress, Silent, Step
from slipway.stack.images import Image
from slipway.stack.model import Stack
from slipway.system import http, requirements


class Embedded(Access):
    """One stack under `.slipway/<environment>/`."""

    name = "embedded"
    built_images: Mapping[str, Image] = MappingProxyType({})

    def __init__(self, stack: Stack, root: Path):
        self.stack, self.root = stack, root
        self.home = root / ".slipway" / stack.settings.environment
        self.rollout = InPlace(self)  # the app's one process owns the port
        self.lives: dict[str, set[int]] = {}  # process ids of a service that were seen since it was started

    def refuse_other_owner(self) -> None:
        refuse_other(owner.read(self.home), self.stack, self.root)

    # -- what should be ------------------------------------------------------------------------------------------

    def services(self) -> Sequence[str]:
        from slipway.engine.embedded import services

        return services.names(self.stack)

    def wanted_fingerprints(self) -> Mapping[str, str]:
        if requirements.needs_install(self.root, "embedded"):
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

    def site(self) -> str:
        return self.stack.settings.site or self.url()

    def probe_url(self) -> str:
        return self.url() + self.stack.settings.app_ready_path

    # -- what is -------------------------------------------------------------------------------------------------

    def observe(self, data: bool = True) -> Seen:
        if requirements.needs_install(self.root, "embedded") or not self.home.exists():
            return Seen()
        from slipway.engine.embedded import supervisor

        states = supervisor.states(self.home)
        found = {name: running for name in self.services() if (running := self.found(name, states.get(name, {})))}
        if not data or not any(running.state == "running" for running in found.values()):
            return Seen(found)
        answering, answer = http.ask(self.probe_url(), self.site())
        return Seen(found, data=self.inside(OBSERVE, Nothing(), Silent()), answering=answering, last_answer=answer)

    def found(self, name: str, info: dict) -> Running | None:
        from slipway.engine.embedded import looking

        return looking.look(self.home, name, info, self.ports.get(name))

    def describe_crash(self, service: str) -> str:
        """Why the supervisor no longer starts a service, or an empty text."""
        from slipway.engine.embedded import looking

        return looking.crashed(self.home, service, self.lives.setdefault(service, set()))

    def changes(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Nothing: of what a process was started with, a fingerprint is all that is kept."""
        return {}

    def checks(self, flag: str) -> Sequence[Callable[[], Iterator[Finding]]]:
        from slipway.engine.embedded import doctor

        there = not requirements.needs_install(self.root, "embedded")
        return (partial(doctor.servers, self.stack, self.home),) if there else ()

    # -- what is done --------------------------------------------------------------------------------------------

    def prepare(self, seen: Seen) -> Sequence[Build]:
        if not requirements.needs_install(self.root, "embedded"):
            return self.unscheduling()
        from slipway.engine.embedded import services

        *first, last = services.wheels()
        cause = f"{', '.join(first)} and {last} come as wheels; once"
        return (Build(Step("install servers", cause, partial(requirements.install, self.root, "embedded"))),)

    def unscheduling(self) -> Sequence[Build]:
        """Ends the schedule's process where BACKUP_SCHEDULE was taken away."""
        from slipway.engine.embedded import looking, supervisor

        state = supervisor.states(self.home).get("schedule", {}).get("statename")
        if "schedule" in self.services() or state not in looking.STATES:
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
        from slipway.engine.embedded import services, starting, supervisor

        for name in names:
            services.RECIPES[name].refuse(self.home, self.stack.settings)
        starting.lay_out(self.home, self.services(), self.ports, str(self.home.relative_to(self.root)))
        owner.claim(self.home, self.stack, self.root)
        # All that there may be: a program that comes or goes with a setting must not cost the others a restart.
        could = {name: made for name, made in services.RECIPES.items() if name in self.stack or name == "schedule"}
        ended = set(supervisor.ensure(self.home, could)) & set(self.services())
        again = list(dict.fromkeys((*names, *ended)))
        with ThreadPoolExecutor(len(again)) as pool:
            list(pool.map(self.replace, again))
        return None

    def replace(self, name: str) -> None:
        from slipway.engine.embedded import starting

        self.lives.pop(name, None)
        starting.replace(self.home, name, self.stack, self.specs[name])

    def inside(self, verb: Verb[A, R], args: A, progress: Progress, give_up: Callable[[], None] = lambda: None) -> R:
        from slipway.engine.embedded import inside

        return inside.run(verb, args, self.data_environment(), progress, give_up)

    def data_environment(self) -> dict[str, str]:
        from slipway.engine.embedded import services

        return services.data(self.stack, self.root, self.home, self.ports)

    @property
    def backups(self) -> Path:
        from slipway.engine.embedded import services

        return services.backups(self.stack, self.root)

    def hold_lock(self, doing: str, wait: float, flag: str):
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
        from slipway.engine.embedded import ports, supervisor

        if service == "app":  # it comes back to where it was
            ports.claimed(self.ports["app"])
        supervisor.stop(self.home, service)
        return None

    def deliver_tree(self, folder: Path, progress: Progress) -> AbstractContextManager[str]:
        return nullcontext(str(folder.resolve()))

    def deliver_files(self, folder: Path, progress: Progress) -> AbstractContextManager[str]:
        return self.deliver_tree(folder, progress)

    def deliver_backup(self, folder: Path, progress: Progress) -> AbstractContextManager[str]:
        return nullcontext(str(folder.resolve()))

    def holdings(self) -> Sequence[str]:
        return [str(self.home / name) for name in self.services() if (self.home / name / "data").exists()]

    def stop(self, volumes: bool, progress: Progress) -> str | None:
        from slipway.engine.embedded import starting, supervisor

        supervisor.shut_down(self.home)
        for name in reversed(self.services()):
            starting.end_orphan(self.home, name)
        if volumes:
            if self.home.exists():
                shutil.rmtree(self.home)
            return f"data removed; backups stay in {self.backups}"
        return "data kept"
