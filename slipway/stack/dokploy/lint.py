"""The lint: a compose file, its `.env` and a command, and everything in them that Dokploy changes, refuses or breaks."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from slipway.stack.dokploy import yaml_nodes
from slipway.stack.dokploy.command_checks import check_command
from slipway.stack.dokploy.env_checks import check_env
from slipway.stack.dokploy.file_checks import check_file
from slipway.stack.dokploy.path_checks import check_paths, check_shared
from slipway.stack.dokploy.rules import RULES, Findings, Found
from slipway.stack.dokploy.service_checks import check_hosts, check_networks, check_service, services_of


@dataclass(frozen=True)
class Finding:
    """A finding at a place; line and column count from 1, a column is a character. `help` is the mend."""

    file: str
    line: int
    column: int
    rule: str
    level: str
    message: str
    help: str


def lint_file(name: str, text: str, stack: bool = False) -> list[Finding]:
    """The findings of a compose file; `stack` if Dokploy deploys it as a stack of Swarm."""
    try:
        root = yaml_nodes.read(text)
    except yaml_nodes.Broken as broken:
        return findings(name, [Found(broken.place, "yaml-refused", broken.why)])
    return findings(
        name, (*check_file(text, root), *check_services(root, stack), *check_networks(root), *check_shared(root))
    )


def check_services(root: yaml_nodes.Node | None, stack: bool) -> Findings:
    services = services_of(root, stack)
    names = frozenset(service.name for service in services)
    for service in services:
        yield from check_service(service)
        yield from check_paths(service)
        yield from check_hosts(service, names)


def lint_env(name: str, text: str) -> list[Finding]:
    """The findings of a `.env`."""
    return findings(name, check_env(text))


def lint_command(command: str, version: tuple[int, ...]) -> list[Finding]:
    """The findings of a command of one's own, for a version of Dokploy."""
    return findings("--command", check_command(command, version))


def findings(file: str, found: Iterable[Found]) -> list[Finding]:
    """What was found, once each, in the order of the file, with level and mend."""
    ordered = sorted(set(found), key=lambda each: (each.place, each.rule, each.message))
    return [
        Finding(
            file, each.place.line, each.place.column, each.rule, rule.level, f"{each.message}: {rule.finds}", rule.mend
        )
        for each in ordered
        for rule in (RULES[each.rule],)
    ]
