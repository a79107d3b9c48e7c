"""What Dokploy breaks of a service: names, ports and networks, what keeps it up, and what a stack ignores."""

from __future__ import annotations

import re
from dataclasses import dataclass

from yaml.nodes import Node, ScalarNode

from slipway.stack import stores
from slipway.stack.dokploy.image_names import pinned
from slipway.stack.dokploy.port_names import database, inner_port, loopback, publishes
from slipway.stack.dokploy.rules import Findings, Found
from slipway.stack.dokploy.yaml_nodes import entries, get, items, pairs, place, text

# Names that the services of many stacks have: Dokploy's own templates are full of them.
COMMON = frozenset(
    "app web www api backend frontend front server service site client worker proxy nginx caddy traefik gateway "
    "db database postgres postgresql mysql mariadb mongo mongodb cache valkey minio s3 storage queue rabbitmq "
    "admin ui dashboard main auth mail smtp search".split()
) | {store.name for store in stores.load()}
HOST_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?")
COMPLETED = "service_completed_successfully"


@dataclass(frozen=True)
class Service:
    """A service: its name, its nodes, and what is to be known of the others."""

    name: str
    key: Node
    body: Node
    one_shot: bool  # ends by itself: another waits for that, or it has a profile and restarts never
    stack: bool  # deployed as a stack of Swarm

    def get(self, *path: str) -> Node | None:
        return get(self.body, *path)


def services_of(root: Node | None, stack: bool) -> list[Service]:
    """The services of a file, in its order."""
    found = entries(get(root, "services"))
    awaited = {
        name
        for _, body in found.values()
        for name, (_, how) in entries(get(body, "depends_on")).items()
        if text(get(how, "condition")) == COMPLETED
    }
    return [Service(name, key, body, ends(name, body, awaited), stack) for name, (key, body) in found.items()]


def ends(name: str, body: Node, awaited: set[str]) -> bool:
    return name in awaited or text(get(body, "restart")) == "no" or get(body, "profiles") is not None


def check_service(service: Service) -> Findings:
    """Every finding of one service but those of its paths."""
    for check in (check_name, check_ports, check_network_mode, check_life, check_order, check_labels, check_origin):
        yield from check(service)


def check_name(service: Service) -> Findings:
    if service.name in COMMON:
        yield Found(place(service.key), "common-name", service.name)
    if not HOST_NAME.fullmatch(service.name):
        yield Found(place(service.key), "service-name", service.name)
    if (node := service.get("container_name")) is not None:
        yield Found(place(node), "container-name", f"{service.name} is always {text(node)}")


def check_ports(service: Service) -> Findings:
    for node in items(service.get("ports")):
        port = inner_port(node)
        if not publishes(node) or (database(port) and loopback(node)):
            continue
        if kind := database(port):
            yield Found(place(node), "database-port", f"{service.name} publishes {port} ({kind})")
        else:
            yield Found(place(node), "published-port", f"{service.name} publishes {port}")


def check_network_mode(service: Service) -> Findings:
    if (node := service.get("network_mode")) is not None:
        yield Found(place(node), "network-mode", f"{service.name} has network_mode: {text(node)}")


def check_life(service: Service) -> Findings:
    """Restart policy and health check, which what ends by itself needs none of."""
    if service.one_shot:
        return
    if service.get("restart") is None and service.get("deploy", "restart_policy") is None and not service.stack:
        yield Found(place(service.key), "restart", service.name)
    health = service.get("healthcheck")
    if health is None or text(get(health, "disable")).lower() == "true":
        yield Found(place(health or service.key), "healthcheck", service.name)


def check_order(service: Service) -> Findings:
    for name, (key, how) in entries(service.get("depends_on")).items():
        if service.stack:
            yield Found(place(key), "stack-depends-on", f"{service.name} is not kept waiting for {name}")
        elif text(get(how, "condition")) == COMPLETED:
            yield Found(place(key), "one-shot", f"{service.name} is down until {name} has ended well")


def check_labels(service: Service) -> Findings:
    for path, wrong, rule in ((("deploy", "labels"), False, "deploy-labels"), (("labels",), True, "stack-labels")):
        node = service.get(*path)
        routes = any(key.startswith("traefik.") for key, _, _ in pairs(node))
        if node is not None and service.stack == wrong and routes:
            yield Found(place(node), rule, f"{service.name}: {'.'.join(path)} with traefik.…")


def check_origin(service: Service) -> Findings:
    """Where a service comes from: an image of one version, or in a stack nothing but an image."""
    build, image = service.get("build"), service.get("image")
    if build is not None and service.stack:
        yield Found(place(build), "stack-build", f"{service.name} is built")
    if build is None and isinstance(image, ScalarNode) and not pinned(image.value):
        if text(service.get("pull_policy")) not in ("always", "daily", "weekly"):
            yield Found(place(image), "unpinned-image", f"{service.name}: {image.value}")


def check_networks(root: Node | None) -> Findings:
    """The networks that a file declares, or else those that its services name: each of these would say the same again."""
    declared = entries(root).get("networks")
    if declared and (names := list(entries(declared[1]))):
        yield Found(place(declared[0]), "networks", f"the file declares {', '.join(names)}")
        return
    for name, (_, body) in entries(get(root, "services")).items():
        if (node := get(body, "networks")) is not None:
            names = [text(each) for each in items(node)] or list(entries(node))
            yield Found(place(node), "networks", f"{name} is on {', '.join(names)}")


def check_hosts(service: Service, names: frozenset[str]) -> Findings:
    """Addresses in its environment of services of the same file, by names that other stacks have too."""
    common = sorted(names & COMMON)
    for key, value, node in pairs(service.get("environment")):
        found = [name for name in common if re.search(rf"(?:@|://|^){name}(?=[:/?]|$)", value)]
        # A word alone is a host where the key says so.
        if found and (found[0] != value or key.upper().endswith("HOST")):
            yield Found(place(node), "common-host", f"{key} of {service.name} names {', '.join(found)}")
