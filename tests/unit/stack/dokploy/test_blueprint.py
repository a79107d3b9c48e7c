"""A blueprint: good by Dokploy's published rules, whatever the settings, and its environment arrives as it is."""

from __future__ import annotations

import base64
import json
import tomllib
import xml.etree.ElementTree as ElementTree

import pytest
import yaml
from hypothesis import example, given
from hypothesis import strategies as st

from slipway.environment import ROOT
from slipway.errors import SettingsError
from slipway.stack import model
from slipway.stack.dokploy import blueprint, env_values, lint
from slipway.stack.dokploy.blueprint import About, Domain
from slipway.stack.dokploy.rules import ERROR
from slipway.stack.dokploy.template_source import compose_file
from tests.support.dokploy import templates
from tests.support.fuzzing import assert_clear, fuzz
from tests.unit.conftest import settings_of

ABOUT = About("shop", "1.2", 'a "shop"', ("shop",))
COMPOSE = "services:\n  shop: {image: 'shop:1.2', expose: ['80']}\n  shop-admin: {image: 'admin:1.2'}\n"
DOMAINS = (Domain("shop", 80), Domain("shop-admin", 8080))
KEYS = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
TRAPS = st.text("a1 #'\"`\\${}=\n\r\t:u", max_size=8)
HELPERS = st.sampled_from(
    ["${password}", "${hash:8}", "${domain}", "${main_domain}", "${nope}", "${{nope}}", "${toString}"]
)
VALUES = st.one_of(st.text(max_size=8), TRAPS, st.tuples(TRAPS, HELPERS, TRAPS).map("".join))
STACKS = [
    {},
    {"postgres": "external", "database_url": "postgresql://u:p@db.example.com/shop"},
    {"s3_provider": "rustfs", "redis": "valkey"},
    {"pitr": True, "postgres_expose": "127.0.0.1:5432"},
    {"domain": "shop.example.com", "app_image": "ghcr.io/team/app:1.2", "app_env": {"lower_case": "x"}},
]


def made(environment: dict[str, str]) -> dict[str, str]:
    return blueprint.files(ABOUT, COMPOSE, DOMAINS, environment)


def arrived(files: dict[str, str]) -> dict[str, str]:
    """What the containers' environment is filled in from, after Dokploy has read template and dotenv."""
    text = templates.environment(tomllib.loads(files["template.toml"])["config"])
    return {each.key: each.value for each in env_values.read(text)}


@fuzz()
@given(st.dictionaries(KEYS, VALUES, max_size=4))
@example({"A": "${password}"})
@example({"A": "it's", "B": "a\nb"})
@example({"A": "\x7f\U0001f6a2\u2028"})
def test_an_environment_arrives_as_it_is_or_is_refused_without_being_told(environment: dict[str, str]):
    try:
        files = made(environment)
    except SettingsError as error:
        assert_clear(error, *(value for value in environment.values() if len(value) > 5))
        assert any(unwritable(value) for value in environment.values())
        return
    assert not templates.errors(files, "shop")
    assert arrived(files) == environment


def unwritable(value: str) -> bool:
    form = env_values.quote(value)
    return form is None or "${{" in form or "\0" in value


@pytest.mark.parametrize("key", ["", "1A", "A B", "A=B", "A\nB", "Ä", "a.b"])
def test_a_key_that_is_no_name_is_refused(key: str):
    with pytest.raises(SettingsError):
        made({key: "x"})


def test_a_blueprint_is_these_four_files():
    files = made({"PASSWORD": "p@ss #1"})
    assert sorted(files) == ["docker-compose.yml", "logo.svg", "meta.json", "template.toml"]
    assert files["docker-compose.yml"] == COMPOSE
    content = tomllib.loads(files["template.toml"])
    assert content["config"]["env"] == [{"PASSWORD": "'p@ss #1'"}]
    assert content["config"]["domains"] == [
        {"serviceName": "shop", "port": 80, "host": "${main_domain}"},
        {"serviceName": "shop-admin", "port": 8080, "host": "${shop_admin_domain}"},
    ]
    assert content["variables"] == {"main_domain": "${domain}", "shop_admin_domain": "${domain}"}
    assert ElementTree.fromstring(files["logo.svg"]).tag == "{http://www.w3.org/2000/svg}svg"


def test_the_import_is_the_compose_file_and_the_template():
    files = made({"A": "ä"})
    told = json.loads(base64.b64decode(blueprint.import_form(files), validate=True))
    assert told == {"compose": files["docker-compose.yml"], "config": files["template.toml"]}


@pytest.mark.parametrize("values", STACKS, ids=lambda values: "-".join(values) or "default")
def test_the_compose_file_of_any_stack_is_good_by_the_rules_and_by_the_lint(values: dict):
    settings = settings_of(environment="production", **values)
    compose, domains = compose_file(model.build(settings), ROOT)
    files = blueprint.files(ABOUT, compose, domains, {})
    assert not templates.errors(files, "shop")
    assert [each for each in lint.lint_file("docker-compose.yml", compose) if each.level == ERROR] == []
    assert domains == (Domain("slipway-production-gateway", 80),)
    content = yaml.safe_load(compose)
    assert not any(volume.get("external") for volume in content["volumes"].values())


@pytest.mark.parametrize(
    ("file", "good", "bad"),
    [
        ("docker-compose.yml", "expose: ['80']", "container_name: shop"),
        ("docker-compose.yml", "expose: ['80']", "ports: ['80:80']"),
        ("docker-compose.yml", "expose: ['80']", "networks: [a]"),
        ("template.toml", "config", "other"),
        ("template.toml", "port = 80\n", ""),
        ("template.toml", 'serviceName = "shop"', 'serviceName = "shoe"'),
        ("template.toml", 'main_domain = "${domain}"', "main_domain = 7"),
        ("template.toml", "env = [", "env = [["),
        ("meta.json", '"shop"\n  ]', '"shop"\n  ],\n  "id": "shoe"'),
        ("meta.json", '"github"', '"gitlab"'),
        ("meta.json", "logo.svg", "logo.png"),
    ],
)
def test_the_rules_find_what_they_are_for(file: str, good: str, bad: str):
    files = made({"A": "a"})
    assert good in files[file]
    assert templates.errors(files | {file: files[file].replace(good, bad)}, "shop")
