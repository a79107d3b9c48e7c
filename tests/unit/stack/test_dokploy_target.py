"""The rendered file for a server of Dokploy: no error of our own lint, the same stack as on Docker, nothing that collides."""

from __future__ import annotations

import pytest
import yaml

from slipway.environment import ROOT
from slipway.errors import SettingsError
from slipway.stack import model, render
from slipway.stack.dokploy import lint
from tests.unit.conftest import settings_of
from tests.unit.stack.test_render_combinations import RULES

DOKPLOY = {"environment": "production", "engine": "dokploy", "domain": "shop.example.org"}
CASES = {
    "minio": {},
    "rclone": {"s3_provider": "rclone"},
    "rclone, debian": {"images": "debian"},
    "garage": {"s3_provider": "garage", "s3_access_key": "GK" + "0" * 24},
    "rustfs": {"s3_provider": "rustfs"},
    "external": {
        "postgres": "external",
        "database_url": "postgresql://u:5ecreT-url@db/x",
        "s3_provider": "external",
        "s3_endpoint": "https://s3.example.org",
    },
    "own app": {"app_image": "ghcr.io/team/app:1.2", "app_replicas": 3, "app_env": {"TOKEN": "5ecreT-token"}},
    "backups on the host": {"backup_dir": "/srv/backups"},
}


def text_of(name: str) -> str:
    return render.files(model.build(settings_of(**DOKPLOY | CASES[name])), ROOT)["dokploy.yaml"]


@pytest.mark.parametrize("name", CASES)
def test_the_lint_finds_no_error_and_no_warning_but_these(name: str):
    found = {finding.rule for finding in lint.lint_file("dokploy.yaml", text_of(name)) if finding.level != "advice"}
    # Names on networks of its own that no other stack is on; an app's image, whose health only the ready path tells.
    known = {"common-name", "common-host", "networks", "healthcheck", "one-shot", "unpinned-image"}
    assert found <= known | ({"absolute-bind"} if "backups" in name else set())


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_published_named_or_shared_with_another_stack(name: str):
    file = yaml.safe_load(text_of(name))
    services = file["services"]
    assert "name" not in file and not any({"ports", "container_name"} & body.keys() for body in services.values())
    assert "gateway" not in services and services["slipway-production-gateway"]["expose"] == ["80"]
    assert {"app-blue", "app-green", "ops", "owners"} <= services.keys()
    named = {key: body["name"] for key, body in file["volumes"].items() if body and "name" in body}
    assert named == ({} if "backups" in name else {"backups": "${COMPOSE_PROJECT_NAME}_backups"})


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("name", CASES)
def test_every_service_keeps_the_rules_of_the_house(name: str, rule: str):
    services = yaml.safe_load(text_of(name))["services"]
    assert [service for service, body in services.items() if not RULES[rule](body)] == []


@pytest.mark.parametrize(
    ("more", "key"),
    [
        ({"domain": ""}, "DOMAIN"),
        ({"environment": "local"}, "ENVIRONMENT"),
        ({"https_port": 8443}, "HTTPS_PORT"),
        ({"pitr": True}, "PITR"),
    ],
)
def test_what_cannot_be_on_dokploy_is_refused(more: dict, key: str):
    with pytest.raises((SettingsError, ValueError), match=key):
        settings_of(**DOKPLOY | more)


@pytest.mark.parametrize(("certificate", "site"), [("letsencrypt", "https"), ("custom", "https"), ("none", "http")])
def test_the_address_that_users_type_follows_the_certificate_of_the_proxy(certificate: str, site: str):
    settings = settings_of(**DOKPLOY, dokploy_certificate=certificate)
    assert settings.site == f"{site}://shop.example.org" and not settings.ends_tls
    gateway = render.files(model.build(settings), ROOT)["dokploy.gateway.json"]
    assert ("Strict-Transport-Security" in gateway) == (site == "https") and "192.168.0.0/16" in gateway
