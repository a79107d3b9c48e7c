"""Whom the gateway believes in what it is told of a client, from the settings. Pure."""

from __future__ import annotations

from slipway.config.settings import Settings
from slipway.config.types import PRIVATE

# RFC 1918, RFC 4193, and the machine itself.
PRIVATE_NETWORKS = ("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7", "127.0.0.0/8", "::1/128")
# What frameworks take a client's address, scheme or host from. X-Real-Ip is not here: the gateway sets it.
CLAIMS = (
    "Forwarded",
    "X-Forwarded-*",
    "X-Client-Ip",
    "X-Cluster-Client-Ip",
    "True-Client-Ip",
    "Cf-Connecting-Ip",
    "Fastly-Client-Ip",
    "Front-End-Https",
    "X-Scheme",
    "X-Url-Scheme",
    "X-Original-Host",
)


def trusted(settings: Settings) -> list[str]:
    """The addresses and networks of TRUSTED_PROXIES, each once, with those that the word `private` stands for.

    Dokploy's proxy is beside the gateway, at an address that nobody knows before.
    """
    wanted = settings.trusted_proxies or ((PRIVATE,) if settings.on_dokploy else ())
    named = (PRIVATE_NETWORKS if each == PRIVATE else (each,) for each in wanted)
    return list(dict.fromkeys(network for networks in named for network in networks))
