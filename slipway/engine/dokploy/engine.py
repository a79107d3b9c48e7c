"""The stack as a compose service of a Dokploy server, driven by its HTTP API."""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from slipway.data.verb import A, R, Verb
from slipway.engine import Build, Finding, Seen
from slipway.engine import owner as owners
from slipway.engine.colours import COLOURS, find_serving
from slipway.engine.colours import service as service_of
from slipway.engine.dokploy import (
    content,
    deploying,
    dotenv,
    images,
    inside,
    looking,
    owner,
    rollout,
)
from slipway.engine.dokploy.access import Access
from slipway.engine.dokploy.api.answers import Container, Service
from slipway.engine.dokploy.api.client import Dokploy
from slipway.engine.dokploy.duties import Duties
from slipway.errors import EngineError
from slipway.plan import Progress
from slipway.stack import built, references, render
from slipway.stack.images import Image
from slipway.stack.model import Stack


class OnDokploy(Access, Duties):
    """One stack on one server."""

    name = "dokploy"

    def __init__(self, stack: Stack, root: Path, environ: Mapping[str, str], client: Dokploy):
        self.stack, self.root, self.environ, self.client = stack, root, environ, client
        self.rollout = rollout.Rollout(self)
        self.putting = threading.Lock()

    # -- the place -----------------------------------------------------------------------------------------------

    @property
    def place(self) -> tuple[str, str, str]:
        """Project, environment and compose service in Dokploy."""
        settings = self.stack.settings
        return (
            settings.dokploy_project or settings.project,
            settings.dokploy_environment or settings.environment,
            self.stack.name,
        )

    @cached_property
    def found(self) -> Service | None:
        """The service, if it is there."""
        return self.client.find(*self.place)

    def service(self) -> Service:
        """The service. Raises EngineError where there is none."""
        if not self.found:
            raise EngineError(
                f"Dokploy: {'/'.join(self.place)}",
                "no such compose service",
                "a stack that was deployed",
                "./invoke up",
            )
        return self.found

    def ensure(self) -> Service:
        """The service, made if there is none."""
        if not self.found:
            self.found = self.client.ensure(*self.place, self.stack.settings.dokploy_server or None)
        return self.found

    def refuse_other_owner(self) -> None:
        if self.found:
            owner.refuse_other(self.client.stored(self.found), self.stack, self.root)

    # -- what should be ------------------------------------------------------------------------------------------

    def services(self) -> Sequence[str]:
        return [service.name for service in self.stack.services]

    @cached_property
    def rendered(self) -> dict[str, str]:
        return render.files(self.stack, self.root)

    @property
    def file(self) -> str:
        return self.rendered[f"{self.stack.file}.yaml"]

    @cached_property
    def built_images(self) -> Mapping[str, Image]:
        return built.for_stack(self.stack, self.root)

    @cached_property
    def tags(self) -> dict[str, str]:
        """Images by the names under which the server gets them."""
        return images.names(self.stack.settings, self.built_images)

    def environment_for(self, image: str, colours: Collection[str] = ()) -> dict[str, str]:
        """What the rendered file refers to when the app runs from `image`, with values of their own for these colours."""
        pair = dict.fromkeys(map(service_of, COLOURS), image)
        values = references.values(self.stack, self.tags | pair, {})
        marks = references.fingerprints(self.file, values)
        marks["gateway"] = marks[self.stack.front]
        marks |= dict.fromkeys(pair, marks["app-blue"])  # the same release has the same mark in either colour
        values |= references.values(self.stack, self.tags | pair, marks)
        values |= {f"{colour.upper()}_{key}": value for colour in colours for key, value in values.items()}
        count = str(self.stack["app"].replicas)
        return values | {f"SLIPWAY_{colour.upper()}_REPLICAS": count for colour in COLOURS}

    def wanted_fingerprints(self) -> Mapping[str, str]:
        values = self.environment_for(self.rollout.image())
        return {
            name: values[f"SLIPWAY_CONFIG_{'APP_BLUE' if name == 'app' else references.key(name)}"]
            for name in self.services()
        }

    def url(self) -> str:
        return self.stack.settings.site

    def site(self) -> str:
        return self.stack.settings.site

    def probe_url(self) -> str:
        settings = self.stack.settings
        return (settings.dokploy_proxy.rstrip("/") or settings.site) + settings.app_ready_path

    # -- what is -------------------------------------------------------------------------------------------------

    def observe(self, data: bool = True) -> Seen:
        return looking.whole(self) if data else looking.glance(self)

    def containers(self) -> dict[str, list[Container]]:
        """The stack's containers by service, stopped ones included; the gateway by the name that it has everywhere."""
        found: dict[str, list[Container]] = {}
        for each in self.client.containers(self.found) if self.found else ():
            name = "gateway" if each.service == self.stack.front else each.service
            found.setdefault(name, []).append(each)
        return found

    def actual(self, service: str) -> str:
        """The name in the rendered file: the app's is that of the colour that serves."""
        if service != "app":
            return self.front_of(service)
        found = self.containers()
        both = sum(service_of(colour) in found for colour in COLOURS) != 1
        alive = any(each.state == "running" for each in found.get("ops", ()))
        return service_of(find_serving(found, looking.gateway_of(self, alive).active if both else ""))

    def front_of(self, name: str) -> str:
        """A service's name in the rendered file: the gateway has one of its own there."""
        return self.stack.front if name == "gateway" else name

    def group(self, service: str) -> list[Container]:
        return self.containers().get(self.actual(service) if service == "app" else service, [])

    def checks(self, flag: str) -> Sequence[Callable[[], Iterator[Finding]]]:
        return (self.check_server,)

    def check_server(self) -> Iterator[Finding]:
        yield Finding("dokploy", f"version {self.client.version} at {self.client.transport.url}")
        yield Finding("service", "/".join(self.place) if self.found else "not there yet; ./invoke up makes it")

    def changes(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """Nothing: of what a container was started with, a fingerprint is all that is compared."""
        return {}

    # -- what is done --------------------------------------------------------------------------------------------

    def prepare(self, seen: Seen) -> Sequence[Build]:
        marks = self.wanted_fingerprints()
        if all(name in seen.services and seen.services[name].config == mark for name, mark in marks.items()):
            return ()
        dotenv.write(self.environment_for(self.rollout.image()))
        return images.missing(self)

    def build(self, image: Image, progress: Progress, anew: bool = False) -> None:
        images.build(self, image, progress, anew)

    def start(self, names: Sequence[str], progress: Progress) -> str | None:
        wanted = [self.actual(name) for name in names]
        self.put(wanted, (), self.rollout.image(), progress, f"start {', '.join(names)}")
        return None

    def put(self, start: Collection[str], gone: Collection[str], image: str, progress: Progress, title: str) -> None:
        """Gives the server the stack with these services started and those gone, and sees to it that it has come so."""
        with self.putting:
            service = self.ensure()
            stay = looking.staying(self) - {*start, *gone}
            part = self.part(start, stay, image)
            deploying.put(self.client, service, self.stack, part, self.marks(), progress, title)
            deploying.confirm(self, start, gone, part.values)

    def part(self, start: Collection[str], stay: Collection[str], image: str) -> content.Part:
        colours = [name.removeprefix("app-") for name in start if name.startswith("app-")]
        return content.Part(self.file, self.environment_for(image, colours), start, stay, self.stack.front)

    def marks(self) -> dict[str, str]:
        return owner.marks(owners.of(self.stack, self.root)) | {deploying.HOST: self.stack.settings.domain}

    def inside(self, verb: Verb[A, R], args: A, progress: Progress, give_up: Callable[[], None] = lambda: None) -> R:
        return inside.run(self.client, self.service(), verb, args, progress, give_up)

    def halt(self, service: str, progress: Progress) -> str:
        count = len(self.group(service))
        self.put((), (self.actual(service),), self.rollout.image(), progress, f"stop {service}")
        return f"{count} stopped"

    def holdings(self) -> Sequence[str]:
        names = [*(store.name for store in self.stack.stores), "ops"]
        return [f"volume {self.found.app_name}_{name}" for name in names] if self.found else []

    def stop(self, volumes: bool, progress: Progress) -> str | None:
        if self.found:
            part = self.part((), (), self.rollout.image())
            deploying.take_down(self.client, self.found, part, self.marks(), volumes, progress)
        return "data removed; backups stay in their volume" if volumes else "data kept"


def connect(stack: Stack, root: Path, environ: Mapping[str, str]) -> OnDokploy:
    """The engine of these settings. Raises SettingsError without an address or a key, DokployError for what is not there."""
    from slipway.engine.dokploy.api import client, versions
    from slipway.system.redact import Secret

    key = Secret(stack.settings.dokploy_api_key.get_secret_value())
    server = client.connect(stack.settings.dokploy_url, key)
    versions.check_logs(server.version)
    return OnDokploy(stack, root, environ, server)
