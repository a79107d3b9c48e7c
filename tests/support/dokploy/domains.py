"""Domains of the fake server, and the labels by which Traefik would route: written into the file at a deploy."""

from __future__ import annotations

from typing import Any

import yaml

from tests.support.dokploy import rewriting
from tests.support.dokploy.procedures import handles
from tests.support.dokploy.state import Row, State, identifier, moment

NETWORK = "dokploy-network"


class NoSuchService(Exception):
    """A domain on a service that the file has not."""


@handles("domain.byComposeId")
def of_compose(state: State, given: Row) -> list[Row]:
    state.row("composes", given["composeId"])
    return own(state, given["composeId"])


def own(state: State, compose: str) -> list[Row]:
    return [each for each in state.domains.values() if each["composeId"] == compose]


@handles("domain.create")
def create(state: State, given: Row) -> Row:
    state.row("composes", given["composeId"])
    key = identifier()
    plain = {"port": 3000, "path": "/", "https": False, "certificateType": "none", "enabled": True}
    marks = {"domainId": key, "uniqueConfigKey": len(state.domains) + 1, "createdAt": moment()}
    state.domains[key] = plain | given | marks
    return state.domains[key]


@handles("domain.update")
def update(state: State, given: Row) -> Row:
    state.row("domains", given["domainId"]).update(given)
    return state.domains[given["domainId"]]


@handles("domain.delete")
def delete(state: State, given: Row) -> Row:
    return state.domains.pop(state.row("domains", given["domainId"])["domainId"])


@handles("compose.getConvertedCompose")
def converted(state: State, given: Row) -> str:
    return convert(state, state.row("composes", given["composeId"]))


def convert(state: State, compose: Row) -> str:
    """The file as it would be run. Raises NoSuchService. Services without a domain are left as they are."""
    domains = own(state, compose["composeId"])
    if not domains:
        return rewriting.rewrite_yaml(compose["composeFile"])
    file = yaml.load(compose["composeFile"], rewriting.Reader)
    for each in domains:
        if each["serviceName"] not in file["services"]:
            raise NoSuchService(f"The service {each['serviceName']} not found in the compose")
        route(file["services"][each["serviceName"]], compose["appName"], each)
    file.setdefault("networks", {})[NETWORK] = {"external": True}
    return rewriting.dump(file)


def route(service: dict[str, Any], app_name: str, domain: Row) -> None:
    labels = service.setdefault("labels", [])
    added = ["traefik.enable=true", f"traefik.docker.network={NETWORK}", *labels_of(app_name, domain)]
    if isinstance(labels, dict):
        labels.update(dict(each.split("=", 1) for each in added))
    else:
        labels += [each for each in added if each not in labels]
    networks = service.setdefault("networks", ["default"])
    for name in ("default", NETWORK):
        if isinstance(networks, dict):
            networks.setdefault(name, {})
        elif name not in networks:
            networks.append(name)


def labels_of(app_name: str, domain: Row) -> list[str]:
    path = "" if domain["path"] in ("", "/") else f" && PathPrefix(`{domain['path']}`)"
    found = []
    for entry in ("web", "websecure") if domain["https"] else ("web",):
        name = f"{app_name}-{domain['uniqueConfigKey']}-{entry}"
        router = f"traefik.http.routers.{name}"
        found += [f"{router}.rule=Host(`{domain['host']}`){path}", f"{router}.entrypoints={entry}"]
        found += [f"traefik.http.services.{name}.loadbalancer.server.port={domain['port']}", f"{router}.service={name}"]
        if domain["https"] and entry == "web":
            found.append(f"{router}.middlewares=redirect-to-https@file")
        if entry == "websecure":
            letsencrypt = domain["certificateType"] == "letsencrypt"
            found.append(f"{router}.tls.certresolver=letsencrypt" if letsencrypt else f"{router}.tls=true")
    return found
