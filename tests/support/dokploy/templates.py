"""The rules that Dokploy publishes for its templates, and what it makes of the environment of one; after its facts alone."""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Iterator, Mapping

import yaml

HELPER = re.compile(
    r"\$\{(domain|base64|password|hash|uuid|timestamp|timestampms|timestamps|randomPort|jwt|username|email)(:[^}]*)?\}"
)
LINKS = ("github", "website", "docs")


def errors(files: Mapping[str, str], folder: str) -> list[str]:
    """Everything of a blueprint's files that the published checks refuse, or warn of, but for names of services."""
    services = (yaml.safe_load(files["docker-compose.yml"]) or {}).get("services") or {}
    return [
        *compose_errors(yaml.safe_load(files["docker-compose.yml"])),
        *template_errors(files["template.toml"], set(services)),
        *meta_errors(files, folder),
    ]


def compose_errors(content: dict) -> Iterator[str]:
    if not content.get("services"):
        yield "no services"
    if content.get("networks"):
        yield "networks"
    for name, service in (content.get("services") or {}).items():
        yield from (f"{name}: {part}" for part in ("container_name", "networks") if service.get(part))
        for port in service.get("ports", ()):
            if (isinstance(port, dict) and port.get("published")) or ":" in str(port):
                yield f"{name}: published port"


def template_errors(text: str, services: set[str]) -> Iterator[str]:
    try:
        content = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        yield f"no TOML: {error}"
        return
    if "config" not in content:
        yield "no [config]"
        return
    variables, config = content.get("variables", {}), content["config"]
    yield from (f"variable {name}" for name, value in variables.items() if not isinstance(value, str))
    domains = config.get("domains", [])
    if not domains or not isinstance(domains, list):
        yield "no domains"
    for domain in domains:
        if domain.get("serviceName") not in services or not 1 <= domain.get("port", 0) <= 65535:
            yield f"domain of {domain.get('serviceName')}"
        named = re.fullmatch(r"\$\{(\w+)\}", domain.get("host", ""))
        if not named or not HELPER.fullmatch(str(variables.get(named[1]))):
            yield f"host of {domain.get('serviceName')}"
    env = config.get("env", [])
    if not isinstance(env, list | dict):
        yield "env"
    yield from ("env: no =" for each in env if isinstance(each, str) and "=" not in each)
    yield from ("mount" for each in config.get("mounts", []) if not {"filePath", "content"} <= set(each))


def meta_errors(files: Mapping[str, str], folder: str) -> Iterator[str]:
    content = json.loads(files["meta.json"])
    if content.get("id") != folder:
        yield "id"
    yield from (key for key in ("name", "version", "description") if not content.get(key))
    if content.get("logo") not in files:
        yield "logo"
    if not set(LINKS) <= set(content.get("links", {})):
        yield "links"
    if not content.get("tags"):
        yield "tags"


def environment(config: dict) -> str:
    """The text that becomes the environment of the service: helpers are filled in within texts, and not in tables."""
    return "\n".join(
        HELPER.sub("filled in", each) if isinstance(each, str) else "".join(f"{key}={each[key]}" for key in [*each][:1])
        for each in config["env"]
    )
