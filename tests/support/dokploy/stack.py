"""A clone whose stack runs on a server of Dokploy: the fake one, on the real engine, with a proxy in front."""

from __future__ import annotations

import random
import tempfile
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.support import clone
from tests.support.clone import LISTS, PROJECT, Begun, Clone, ids_of
from tests.support.containers import docker
from tests.support.dokploy import effects
from tests.support.dokploy.engines import Docker
from tests.support.dokploy.proxy import Proxy, proxied
from tests.support.dokploy.server import Server, served
from tests.support.dokploy.state import Row
from tests.support.tree import copy_tree
from tests.support.waiting import until

ON = "production"


@dataclass
class OnServer(Clone):
    """The clone; each command is for the environment that is on the server."""

    domain: str = ""
    server: Server = field(default=None)  # type: ignore[assignment]
    proxy: Proxy = field(default=None)  # type: ignore[assignment]

    def begin(self, *words: str, prefix: tuple[str, ...] = (), **env: str) -> Begun:
        return super().begin(*words, "--on", ON, prefix=prefix, **env)

    def settle(self, on: str = ON, **values: str) -> None:
        super().settle(on, **values)

    def forget(self, *keys: str, on: str = ON) -> None:
        super().forget(*keys, on=on)

    @property
    def url(self) -> str:
        return f"http://{self.domain}:{self.port}"

    @property
    def service(self) -> Row:
        """The compose service as the server keeps it."""
        (found,) = [each for each in self.server.state.composes.values() if each["name"] == f"{self.project}-{ON}"]
        return found

    def ids(self, on: str = ON) -> dict[str, tuple[str, ...]]:
        found = ids_of(self.service["appName"])
        return {("gateway" if name.endswith("-gateway") else name): ids for name, ids in found.items()}

    def deploy_by_page(self) -> Row:
        """Deploy, pressed on Dokploy's own page, once it has ended: its record."""
        before = {each["deploymentId"] for each in self.server.state.records("composeId", self.service["composeId"])}
        effects.deploy(self.server.state, {"composeId": self.service["composeId"]})

        def ended() -> Row | None:
            records = self.server.state.records("composeId", self.service["composeId"])
            fresh = [each for each in records if each["deploymentId"] not in before]
            return fresh[0] if fresh and fresh[0]["status"] != "running" else None

        return until(ended, "the deployment ends")

    def logs(self) -> list[str]:
        """The log of each deployment that the server keeps, the oldest first."""
        records = self.server.state.records("composeId", self.service["composeId"])
        return [Path(each["logPath"]).read_text() for each in reversed(records)]

    def press_deploy(self) -> None:
        """Deploy, pressed on Dokploy's own page."""
        state = self.server.state
        with state.lock:
            if not any(job["state"] == "waiting" for job in state.jobs):
                effects.deploy(state, {"composeId": self.service["composeId"]})

    def remove(self) -> None:
        for each in list(self.server.state.composes.values()):
            label = f"label={PROJECT}={each['appName']}"
            for kind, words in LISTS.items():
                if found := docker(kind, *words, "--filter", label).stdout.split():
                    docker(kind, "rm", "--force", *(["--volumes"] if kind == "container" else []), *found)
        super().remove()


def own_domain() -> str:
    """A name that leads to loopback on every machine, and is that of no other stack: a proxy knows a stack by it alone."""
    return f"127.{random.randint(1, 254)}.{random.randint(0, 254)}.{random.randint(10, 254)}"


@contextmanager
def made(**settings: str) -> Iterator[OnServer]:
    """A clone with its settings for a server of its own, not deployed; gone afterwards with all that it started."""
    with tempfile.TemporaryDirectory(prefix="slipway-dokploy-") as folder:
        code, data = Path(folder, "clone"), Path(folder, "server")
        code.mkdir()
        data.mkdir()
        domain = own_domain()
        with served(data, Docker()) as server, proxied(domain) as proxy:
            project = f"t{uuid.uuid4().hex[:8]}"
            found = OnServer(code, project, proxy.port, [], domain=domain, server=server, proxy=proxy)
            copy_tree(code)
            clone.LIVE.append(found)
            try:
                found.succeed("init")
                found.settle(
                    PROJECT=found.project,
                    ENGINE="dokploy",
                    IMAGES="debian",
                    DOKPLOY_URL=server.url,
                    DOKPLOY_API_KEY=server.key(),
                    DOMAIN=domain,
                    DOKPLOY_CERTIFICATE="none",
                    DOKPLOY_PROXY=f"http://{domain}:{proxy.port}",
                    **settings,
                )
                yield found
            except BaseException:
                clone.save(found, "setup")
                raise
            finally:
                clone.LIVE.remove(found)
                found.remove()


@contextmanager
def pressing(stack: OnServer) -> Iterator[list[int]]:
    """Somebody who presses Deploy on Dokploy's page over and over while the block runs; how often, in a list of one."""
    over, count = threading.Event(), [0]

    def press() -> None:
        while not over.wait(2.0):
            stack.press_deploy()
            count[0] += 1

    thread = threading.Thread(target=press, daemon=True)
    thread.start()
    try:
        yield count
    finally:
        over.set()
        thread.join()
