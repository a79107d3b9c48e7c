"""Paths of a file: what lies in the folder of the code is gone at the next deploy, what lies in ../files/ stays."""

from __future__ import annotations

from collections.abc import Iterator

from yaml.nodes import Node

from slipway.stack.dokploy.rules import Findings, Found
from slipway.stack.dokploy.service_checks import Service
from slipway.stack.dokploy.yaml_nodes import entries, get, items, place, text

KEPT = "../files"
# What is of the machine itself and meant: its clock, its engine, its devices.
OF_THE_MACHINE = (
    "/var/run/docker.sock",
    "/run/docker.sock",
    "/etc/localtime",
    "/etc/timezone",
    "/dev/",
    "/proc",
    "/sys",
)
ENV = (".env", "./.env")


def check_paths(service: Service) -> Findings:
    """The sources of its mounts, and the files of its environment."""
    for node in items(service.get("volumes")):
        source = text(get(node, "source")) if entries(node) else source_of(text(node))
        long_bind = text(get(node, "type")) == "bind"
        yield from check_path(service.name, node, source, long_bind)
    for node in env_files(service.get("env_file")):
        if text(node) in ENV:
            yield Found(place(node), "env-file", f"{service.name} takes {text(node)}")
        else:
            yield from check_path(service.name, node, text(node), True)


def source_of(volume: str) -> str:
    """The source of a volume in its short form; an anonymous volume has none."""
    source, colon, _ = volume.partition(":")
    return source if colon else ""


def env_files(node: Node | None) -> Iterator[Node]:
    for each in items(node) or ([node] if node is not None else []):
        yield get(each, "path") or each


def check_path(owner: str, node: Node, path: str, certain: bool) -> Findings:
    """One path; `certain` if it is none of a named volume, whatever it looks like."""
    if path == KEPT or path.startswith(f"{KEPT}/"):
        return
    if path.startswith((".", "..")) or (certain and path and not path.startswith(("/", "~", "$"))):
        yield Found(place(node), "relative-bind", f"{owner} takes {path}")
    elif path.startswith(("/", "~")) and not path.startswith(OF_THE_MACHINE):
        yield Found(place(node), "absolute-bind", f"{owner} takes {path}")


def check_shared(root: Node | None) -> Findings:
    """The files of configs and secrets."""
    for kind in ("configs", "secrets"):
        for name, (_, body) in entries(get(root, kind)).items():
            if (node := get(body, "file")) is not None:
                yield from check_path(f"{kind}.{name}", node, text(node), True)
