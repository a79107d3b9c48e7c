"""How a service differs from what runs, in words: image, environment, memory, ports, command. No secret is among them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.config import envfile
from slipway.engine.docker import compose, containers, meanings
from slipway.errors import EngineError
from slipway.stack.model import Stack
from slipway.system import process

if TYPE_CHECKING:
    from slipway.engine.docker.engine import Docker

LINE = 120
ELSE = "something else in its part of the rendered file"


def differences(engine: Docker, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
    """What is different about each of these services, which run."""
    model = wanted_services(engine.stack, engine.root, engine.rendered_files[engine.file.name], engine.environment)
    found, api = containers.containers(engine.connection, engine.stack.name), engine.connection.api.api
    told = {}
    for name in names:
        service = engine.actual(name)
        container = api.inspect_container(found[service][0]["Id"])
        told[name] = between(engine.stack, name, model[service], container, api.inspect_image(container["Image"]))
    return told


def wanted_services(stack: Stack, root: Path, rendered: str, env: Mapping[str, str]) -> Mapping[str, dict]:
    """The services as Compose reads `rendered`, which need not be written yet. References are filled in: secrets too."""
    words = ("config", "--format", "json")
    try:
        told = process.output(compose.command(stack, root, Path("-"), *words), env=env, stdin=rendered)
        # It doubles every $ again, so that its output could be read once more.
        return json.loads(told.replace("$$", "$"))["services"]
    except process.Failed as failure:
        raise meanings.explain("docker compose config", failure) from None
    except ValueError as error:
        raise EngineError("docker compose config", str(error), "JSON", "./invoke doctor") from None


def between(stack: Stack, name: str, model: Mapping, container: Mapping, image: Mapping) -> list[str]:
    """What is different about a service; `container` and `image` are as the engine inspects them."""
    found = [
        *describe_change("image", container["Config"]["Image"], model["image"]),
        *environment(stack, name, model.get("environment") or {}, container, image),
        *describe_change("memory", amount(container["HostConfig"]["Memory"]), amount(int(model.get("mem_limit") or 0))),
        *describe_change("ports", published_ports(container), ", ".join(sorted(map(port, model.get("ports") or ())))),
        *command(container["Config"].get("Cmd"), model.get("command") or image["Config"].get("Cmd")),
    ]
    return found or [ELSE]


def describe_change(what: str, before: object, after: object) -> list[str]:
    return [f"{what}: {describe_value(before)} → {describe_value(after)}"] if before != after else []


def command(before: Sequence[str] | None, after: Sequence[str] | None) -> list[str]:
    """A command in full where it fits a line."""
    told = describe_change("command", list(before or ()), list(after or ()))
    return told if all(len(text) <= LINE and "\n" not in text for text in told) else ["command: another one"]


def describe_value(value: object) -> str:
    return " ".join(map(str, value)) if isinstance(value, list) else str(value or "none")


def amount(size: int) -> str:
    return f"{size // 2**20} MB" if size else "no limit"


def environment(stack: Stack, name: str, after: Mapping, container: Mapping, image: Mapping) -> Iterator[str]:
    """Keys that are new, gone or different; a value only where neither the setting nor the key is a secret."""
    before = pairs(container["Config"].get("Env"))
    inherited = pairs(image["Config"].get("Env"))
    plain = open_keys(stack, name)
    for key in sorted(after.keys() | before.keys()):
        old, new = before.get(key), after.get(key, inherited.get(key))
        if old == new:
            continue
        if old is None or new is None:
            yield f"environment: {key} is {'new' if old is None else 'gone'}"
        else:
            yield f"environment: {key}{f': {old} → {new}' if key in plain else ' has another value'}"


def open_keys(stack: Stack, name: str) -> set[str]:
    """Keys whose values stand in the rendered file for everybody to read."""
    entries = pairs(stack["app" if name.startswith("app-") else name].environment)
    return {key for key, value in entries.items() if "${" not in value and not envfile.secret(key)}


def pairs(entries: Sequence[str] | None) -> dict[str, str]:
    return dict(entry.partition("=")[::2] for entry in entries or ())


def published_ports(container: Mapping) -> str:
    """Ports that the container was told to publish, as `interface:port → port inside`."""
    bound = container["HostConfig"].get("PortBindings") or {}
    return ", ".join(
        sorted(
            f"{each.get('HostIp') or '*'}:{each['HostPort']} to {inside}"
            for inside, places in bound.items()
            for each in places or ()
        )
    )


def port(entry: Mapping) -> str:
    return f"{entry.get('host_ip') or '*'}:{entry.get('published', '')} to {entry['target']}/{entry.get('protocol', 'tcp')}"
