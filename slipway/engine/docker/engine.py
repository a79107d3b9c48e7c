"""The stack as a `docker compose` project on one engine, local or remote."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from slipway.data.verb import A, R, Verb
from slipway.engine import Build, Finding, Running, Seen
from slipway.engine.colours import COLOURS, find_serving
from slipway.engine.colours import service as service_of
from slipway.engine.docker import (
    accounts,
    backup_place,
    checks,
    colours,
    compose,
    containers,
    delivery,
    doctor,
    lock,
    observe,
    ops_exec,
    owner,
    preview,
)
from slipway.engine.docker import images as docker_images
from slipway.engine.docker.access import Access
from slipway.engine.docker.client import Connection
from slipway.engine.owner import refuse_other
from slipway.errors import EngineError
from slipway.plan import Progress, Step
from slipway.stack import built, images, references, render
from slipway.stack.model import Stack

GRACE = 10  # seconds that Docker gives a container whose rendered file says nothing else


class Docker(Access):
    """One stack on one engine."""

    name = "docker"

    def __init__(self, stack: Stack, root: Path, environ: Mapping[str, str], connection: Connection):
        self.stack, self.root, self.environ, self.connection = stack, root, environ, connection
        self.ops, self.accounts_settled = ops_exec.Ops(connection), False
        self.file = root / ".slipway" / stack.settings.environment / "compose" / f"{stack.settings.environment}.yaml"
        if stack.settings.local and not connection.local:
            raise EngineError(
                "ENVIRONMENT",
                f"local, and the engine is at {connection.host}",
                "a name such as production: on local, ops sees this machine's files, which that engine cannot",
                "./invoke init --on production, then ./invoke up --on production",
            )

    def refuse_other_owner(self) -> None:
        refuse_other(owner.read(self.connection, self.stack), self.stack, self.root)

    # -- what should be ------------------------------------------------------------------------------------------

    def services(self) -> Sequence[str]:
        return [service.name for service in self.stack.services]

    @cached_property
    def rendered_files(self) -> dict[str, str]:
        return render.files(self.stack, self.root)

    def compose(self, *words: str) -> list[str]:
        """A command of Docker Compose on this stack."""
        return compose.command(self.stack, self.root, self.file, *words)

    @cached_property
    def built_images(self) -> dict[str, images.Image]:
        """The images that are built here, by name."""
        return built.for_stack(self.stack, self.root)

    @cached_property
    def tags(self) -> dict[str, str]:
        return {name: image.tag for name, image in self.built_images.items()}

    @cached_property
    def rollout(self) -> colours.Rollout:
        return colours.Rollout(self)

    @cached_property
    def environment(self) -> dict[str, str]:
        return self.environment_for(self.rollout.image())

    def environment_for(self, image: str, colour: str = "") -> dict[str, str]:
        """What the rendered file refers to when the app runs from `image`; `colour` is one that is to have containers."""
        pair = dict.fromkeys(map(service_of, COLOURS), image)
        values = compose.environment(self.stack, self.tags | pair, {})
        if self.connection.migrates:
            values["SLIPWAY_GATEWAY_SYSCTL"] = "net.ipv4.tcp_migrate_req=1"
        marks = references.fingerprints(self.rendered_files[self.file.name], values)
        marks |= dict.fromkeys(pair, marks["app-blue"])  # the same release has the same mark in either colour
        scale = {f"SLIPWAY_{colour.upper()}_REPLICAS": str(self.stack["app"].replicas)} if colour else {}
        return values | compose.environment(self.stack, {}, marks) | scale

    def wanted_fingerprints(self) -> Mapping[str, str]:
        return {
            name: self.environment[f"SLIPWAY_CONFIG_{'APP_BLUE' if name == 'app' else name.upper()}"]
            for name in self.services()
        }

    def url(self) -> str:
        settings = self.stack.settings
        if settings.site:
            return settings.site
        host = settings.front_host or (
            "localhost" if self.connection.local else urlsplit(self.connection.host).hostname
        )
        return f"http://{host}" + ("" if settings.front_port == 80 else f":{settings.front_port}")

    def site(self) -> str:
        return self.url()

    def probe_url(self) -> str:
        return self.url().replace("http://localhost", "http://127.0.0.1") + self.stack.settings.app_ready_path

    # -- what is -------------------------------------------------------------------------------------------------

    def observe(self, data: bool = True) -> Seen:
        return observe.whole(self) if data else observe.glance(self)

    def actual(self, service: str) -> str:
        """The name in the rendered file: the app's is that of the colour that serves."""
        if service != "app":
            return service
        found = containers.containers(self.connection, self.stack.name)
        both = sum(service_of(colour) in found for colour in COLOURS) != 1
        return service_of(find_serving(found, observe.gateway_of(self, found).active if both else ""))

    def group(self, service: str) -> list[dict]:
        """The containers of a service, stopped ones included."""
        return containers.containers(self.connection, self.stack.name).get(self.actual(service), [])

    def container(self, service: str) -> str:
        running = [container for container in self.group(service) if container["State"] == "running"]
        if not running:
            raise EngineError(service, "it does not run", "a running service", "./invoke up")
        return running[0]["Id"]

    def describe_crash(self, service: str) -> str:
        return colours.gave_up(self.connection, self.group(service))

    def checks(self, flag: str) -> Sequence[Callable[[], Iterator[Finding]]]:
        return doctor.every(self, flag)

    def changes(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        return preview.differences(self, names) if names else {}

    # -- what is done --------------------------------------------------------------------------------------------

    def prepare(self, seen: Seen) -> Sequence[Build]:
        """The rendered file if it changed, and the images that are missing. Refuses what cannot go well."""
        if all(
            seen.services.get(name, Running("")).config == mark for name, mark in self.wanted_fingerprints().items()
        ):
            return self.plan_rendering()
        compose.refuse_missing(self.environment)
        checks.refuse_full_disk(self.connection)
        if "gateway" not in seen.services:
            checks.refuse_taken_port(self.connection, self.stack.settings)
        return (
            *self.plan_rendering(),
            *docker_images.pulls(self, seen.images),
            *docker_images.made_here(self, seen.images),
        )

    def plan_rendering(self) -> tuple[Build, ...]:
        if not render.stale(self.rendered_files, self.file.parent):
            return ()
        cause = "settings or templates changed" if self.file.exists() else "not written yet"
        return (Build(Step(f"render {self.file.relative_to(self.root)}", cause, self.write)),)

    def write(self, progress: Progress) -> None:
        render.write(self.rendered_files, self.file.parent)

    def pull(self, tag: str, progress: Progress) -> None:
        compose.pull(tag, self.environment, progress.say)

    def build(self, image: images.Image, progress: Progress, anew: bool = False) -> None:
        images.build(
            image,
            lambda argv, env: compose.build(argv, env or self.environment, progress.say, f"image {image.name}"),
            built.by_revision(image, self.root) if image.tag == self.tags.get("app") else (),
            anew,
        )

    def start(self, names: Sequence[str], progress: Progress) -> str | None:
        names = [self.actual(name) for name in names]
        colour = next((name.removeprefix("app-") for name in names if name.startswith("app-")), "")
        containers.refuse_data_of_another(self.connection, self.stack, names)
        containers.resume(self.connection, self.stack.name, names)
        owner.claim(self.connection, self.stack, self.root)
        backup_place.ensure(self.connection, self.stack)
        accounts.settle(self, names, progress)
        words = (*compose.UP, "--remove-orphans", *names)
        environment = self.environment_for(self.rollout.image(), colour)
        compose.run(self.compose(*words), environment, progress.say, "docker compose up")
        return None

    def inside(self, verb: Verb[A, R], args: A, progress: Progress, give_up: Callable[[], None] = lambda: None) -> R:
        # What works on the files of the cluster itself runs where they are.
        where = "pitr" if verb.name.startswith("pitr.") else "ops"
        return self.ops.run(self.container(where), verb, args, progress, give_up)

    def hold_lock(self, doing: str, wait: float, flag: str) -> AbstractContextManager[Callable[[], None]]:
        return lock.hold_lock(self.connection, self.stack.name, self.tags["ops"], doing, wait, flag)

    def holder(self):
        return lock.look(self.connection, self.stack.name)

    def unlock(self) -> None:
        lock.remove(self.connection, lock.name_of(self.stack.name))

    def halt(self, service: str, progress: Progress) -> str:
        """Stops the containers of one service, which stay; `start` starts them again."""
        group = self.group(service)
        for container in group:
            progress.say(container["Names"][0].lstrip("/"))
            grace = self.connection.api.api.inspect_container(container["Id"])["Config"].get("StopTimeout")
            colours.stop(self.connection, container["Id"], grace or GRACE)
        return f"{len(group)} stopped"

    def deliver_tree(self, folder: Path, progress: Progress) -> AbstractContextManager[str]:
        return delivery.deliver_tree(self.connection, self.container("ops"), folder, progress)

    def deliver_files(self, folder: Path, progress: Progress) -> AbstractContextManager[str]:
        return self.deliver_tree(folder, progress)

    def deliver_backup(self, folder: Path, progress: Progress) -> AbstractContextManager[str]:
        return delivery.deliver_backup(self.connection, self.container("ops"), folder, progress)

    def holdings(self) -> Sequence[str]:
        return [f"volume {name}" for name in containers.volumes(self.connection, self.stack.name)]

    def stop(self, volumes: bool, progress: Progress) -> str | None:
        self.write(progress)
        words = ("--progress", "plain", "down", "--remove-orphans", *(["--volumes"] if volumes else []))
        compose.run(self.compose(*words), self.environment, progress.say, "docker compose down")
        if volumes:
            owner.release(self.connection, self.stack)
        return f"data removed; backups stay in {backup_place.describe_place(self.stack)}" if volumes else "data kept"
