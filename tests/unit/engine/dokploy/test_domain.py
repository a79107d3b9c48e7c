"""The domain of a stack on Dokploy: another one, or another certificate, is another gateway, and the old one leads nowhere."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.engine.dokploy import deploying
from slipway.engine.dokploy.api.client import connect
from slipway.environment import ROOT
from slipway.stack import model, references, render
from slipway.system.redact import Secret
from tests.support.dokploy.server import Server, served
from tests.unit.conftest import settings_of
from tests.unit.stack.test_dokploy_target import DOKPLOY


def stack_of(**more) -> model.Stack:
    return model.build(settings_of(**DOKPLOY | more))


def marks(**more) -> dict[str, str]:
    stack = stack_of(**more)
    return references.fingerprints(render.files(stack, ROOT)["dokploy.yaml"], references.values(stack, {}, {}))


@pytest.mark.parametrize("more", [{"domain": "other.example.org"}, {"dokploy_certificate": "none"}])
def test_another_address_is_another_gateway_and_no_other_app(more: dict):
    before, after = marks(), marks(**more)
    differ = {name for name in before if before[name] != after[name]}
    assert "slipway-production-gateway" in differ and not differ & {
        "app-blue",
        "app-green",
        "postgres",
        "redis",
        "objects",
    }


def test_the_domain_before_leads_there_no_more_and_one_that_people_made_stays(tmp_path: Path):
    with served(tmp_path) as server:
        client = connect(server.url, Secret(server.key()))
        service = client.ensure("shop", "production", "shop-production")
        first, second = stack_of(), stack_of(domain="other.example.org", dokploy_certificate="none")
        assert deploying.lead_domain(client, service, first, "")
        assert not deploying.lead_domain(client, service, first, "shop.example.org")
        theirs = {"composeId": service.id, "host": "by-hand.example.org", "serviceName": first.front, "port": 80}
        client.transport.post("domain.create", **theirs)
        assert deploying.lead_domain(client, service, second, "shop.example.org")
        assert hosts(server) == {"by-hand.example.org": False, "other.example.org": False}


def hosts(server: Server) -> dict[str, bool]:
    return {each["host"]: each["https"] for each in server.state.domains.values()}
