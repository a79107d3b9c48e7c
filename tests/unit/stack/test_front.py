"""The gateway's configuration: whom it believes, and for whom it ends TLS."""

from __future__ import annotations

import ipaddress
import json

import pytest

from slipway.config.settings import Settings
from slipway.environment import ROOT
from slipway.stack import front, model, render
from tests.unit.conftest import settings_of


def config_of(settings: Settings) -> dict:
    return json.loads(render.files(model.build(settings), ROOT)[f"{settings.environment}.gateway.json"])


def servers(**values: object) -> dict:
    return config_of(settings_of(**values))["apps"]["http"]["servers"]


@pytest.mark.parametrize(
    ("text", "holds", "leaves"),
    [
        ("", (), ("127.0.0.1", "10.0.0.1")),
        ("10.0.0.5, 2001:db8::/32", ("10.0.0.5", "2001:db8::1"), ("10.0.0.6", "127.0.0.1")),
        ("private,private", ("10.1.2.3", "172.31.0.1", "192.168.1.1", "fd12::1", "127.0.0.1", "::1"), ("172.32.0.1",)),
        ("private, 203.0.113.0/24", ("10.1.2.3", "203.0.113.9"), ("203.0.114.9", "8.8.8.8", "2001:db8::1")),
    ],
)
def test_proxies_are_trusted_by_address_network_or_the_word_private(text, holds, leaves):
    networks = [ipaddress.ip_network(each) for each in front.trusted(settings_of(trusted_proxies=text))]
    assert len(networks) == len(set(networks))
    for address in (*holds, *leaves):
        assert any(ipaddress.ip_address(address) in network for network in networks) == (address in holds), address


def test_nobody_is_trusted_unless_named():
    assert "trusted_proxies" not in servers()["front"]
    trusting = servers(trusted_proxies="10.0.0.5")["front"]
    assert trusting["trusted_proxies"] == {"source": "static", "ranges": ["10.0.0.5"]}
    assert trusting["trusted_proxies_strict"] == 1


def test_a_domain_whose_tls_ends_at_a_proxy_is_served_in_plain_on_one_port():
    values = {"environment": "production", "domain": "shop.example.org", "trusted_proxies": "private"}
    assert servers(**values)["front"]["listen"] == [":443"]
    behind = settings_of(**values, domain_tls="proxy")
    assert behind.site == "https://shop.example.org" and not behind.ends_tls
    assert config_of(behind)["apps"]["http"]["servers"]["front"]["listen"] == [":80"]
    text = render.files(model.build(behind), ROOT)["production.yaml"]
    assert '"80:80"' in text and ":443" not in text


@pytest.mark.parametrize("values", [{}, {"environment": "production", "domain": "shop.example.org"}])
def test_every_port_has_limits_and_a_plain_one_speaks_no_http_2(values):
    found = servers(header_timeout=7, idle_timeout=8, max_headers="64KB", **values)
    assert {each["listen"][0] for each in found.values()} == ({":80", ":443"} if values else {":80"})
    for each in found.values():
        limits = each["read_header_timeout"], each["idle_timeout"], each["max_header_bytes"]
        assert limits == ("7s", "8s", 65536)
        # Caddy would wait for the first bytes of a connection without a limit.
        assert (each.get("protocols") == ["h1"]) == (each["listen"] == [":80"])


@pytest.mark.parametrize(
    ("values", "is_there"),
    [
        ({}, False),
        ({"domain": "shop.example.org"}, True),
        ({"domain": "shop.example.org", "domain_tls": "proxy", "trusted_proxies": "private"}, True),
    ],
)
def test_browsers_are_bound_to_https_where_the_site_is(values, is_there):
    assert ("Strict-Transport-Security" in json.dumps(servers(**values)["front"])) == is_there


def test_a_limit_of_0_is_none():
    text = json.dumps(servers(max_body="0", body_timeout=0))
    assert "request_body" not in text and text != json.dumps(servers())
