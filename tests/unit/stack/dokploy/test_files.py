"""The rules about compose files, one by one: a file, and what is found in it, at which line and column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.stack.dokploy import lint
from slipway.stack.dokploy.rules import FILE, RULES, SERVICES

GOOD = """services:
  shop:
    image: shop:1
    restart: always
    healthcheck: {test: [CMD, "true"]}
"""
STACK_ONLY = {"stack-build", "stack-depends-on", "stack-labels"}
# What follows the good service, and the finding that it makes: rule, line, column.
ADDED = {
    "a name of its own": ("    container_name: shop\n", "container-name", 6, 21),
    "a port": ('    ports: ["8080:80"]\n', "published-port", 6, 13),
    "a port in the long form": ("    ports:\n      - target: 80\n        published: 80\n", "published-port", 7, 9),
    "a port of a database": ('    ports:\n      - "15432:5432"\n', "database-port", 7, 9),
    "a port of a database in the long form": ("    ports: [{target: 3306}]\n", "database-port", 6, 13),
    "a port of loopback that is no database's": ('    ports: ["127.0.0.1:8080:80"]\n', "published-port", 6, 13),
    "networks": ("    networks: [back]\n", "networks", 6, 15),
    "networks that are declared": ("networks: {back: {}}\n", "networks", 6, 1),
    "network_mode": ("    network_mode: host\n", "network-mode", 6, 19),
    "a bind of the code": ('    volumes: ["./data:/data"]\n', "relative-bind", 6, 15),
    "a bind above the code": ('    volumes: ["../data:/data"]\n', "relative-bind", 6, 15),
    "a bind in the long form": ("    volumes: [{type: bind, source: data, target: /d}]\n", "relative-bind", 6, 15),
    "a bind of the host": ('    volumes: ["/srv/data:/data"]\n', "absolute-bind", 6, 15),
    "a bind of a home": ('    volumes: ["~/data:/data"]\n', "absolute-bind", 6, 15),
    "a file of its environment": ("    env_file: [shop.env]\n", "relative-bind", 6, 16),
    "Dokploy's .env": ("    env_file: .env\n", "env-file", 6, 15),
    "Dokploy's .env in the long form": ("    env_file: [{path: ./.env}]\n", "env-file", 6, 23),
    "a file of a config": ("configs: {c: {file: ./c.conf}}\n", "relative-bind", 6, 21),
    "labels under deploy": ("    deploy: {labels: [traefik.enable=true]}\n", "deploy-labels", 6, 22),
    "a number that Go reads": ('    x-a: "1_000"\n', "yaml-value", 6, 10),
    "binary digits": ("    x-a: '0b11'\n", "yaml-value", 6, 10),
    "a sign and underscores": ('    x-a: "-1_0"\n', "yaml-value", 6, 10),
    "an octal number": ("    x-a: 0755\n", "yaml-value", 6, 10),
    "an octal mode": ("    configs: [{source: c, mode: 0440}]\n", "yaml-value", 6, 33),
    "a large number": ("    x-a: 12345678901234567890\n", "yaml-value", 6, 10),
    "a tab before several lines": ('    x-a: "\\ta\\nb"\n', "yaml-value", 6, 10),
    "blanks and a new line": ('    x-a: " \\n"\n', "yaml-value", 6, 10),
    "a date in quotes": ('    environment: {DAY: "2024-01-01"}\n', "yaml-date", 6, 24),
    "a date": ("    x-a: 2024-01-01\n", "yaml-date", 6, 10),
    "a key that is a number": ('    x-a: {"1_000": a}\n', "yaml-key", 6, 11),
    "a tag": ("    command: !reset []\n", "yaml-tag", 6, 14),
    "an environment of numbers": ("    environment:\n      A: 1\n      B: a\n", "map-environment", 7, 7),
    "a comment": ("    # a comment\n", "comments", 6, 5),
    "a name": ("name: shop\n", "project", 6, 1),
    "a key twice": ("    image: shop:1\n", "yaml-refused", 6, 5),
    "a second document": ("---\na: 1\n", "yaml-refused", 6, 1),
    "a tab": ("\tx: 1\n", "yaml-refused", 6, 1),
    "a common name": (GOOD.partition("\n")[2].replace("shop:\n", "db:\n"), "common-name", 6, 3),
    "a name that is no host name": (GOOD.partition("\n")[2].replace("shop:\n", "my_shop:\n"), "service-name", 6, 3),
    "no version": ("  one: {image: a, restart: always, healthcheck: {test: a}}\n", "unpinned-image", 6, 16),
    "latest": ("  one: {image: 'r:5000/a:latest', restart: always, healthcheck: {test: a}}\n", "unpinned-image", 6, 16),
    "no restart": ("  one: {image: 'a:1', healthcheck: {test: a}}\n", "restart", 6, 3),
    "no health check": ("  one: {image: 'a:1', restart: always}\n", "healthcheck", 6, 3),
    "a health check that is off": (
        "  one: {image: 'a:1', restart: always, healthcheck: {disable: true}}\n",
        "healthcheck",
        6,
        53,
    ),
    "a migration before it": (
        "    depends_on: {task: {condition: service_completed_successfully}}\n  task: {image: 'a:1'}\n",
        "one-shot",
        6,
        18,
    ),
}
# The same, and nothing is found.
HARMLESS = {
    "nothing": "",
    "a port of a database for this host alone": '    ports: ["127.0.0.1:5432:5432"]\n',
    "expose": "    expose: [80]\n",
    "a named volume": '    volumes: ["data:/data", "/anonymous"]\nvolumes: {data: {}}\n',
    "files that stay": '    volumes: ["../files/a.conf:/a.conf:ro"]\n',
    "the engine's socket": '    volumes: ["/var/run/docker.sock:/var/run/docker.sock"]\n',
    "a path that is not known": '    volumes: ["${DATA}:/data"]\n',
    "an environment as a list": '    environment: ["A=1_000", "B=2024-01-01"]\n',
    "an environment of texts": '    environment: {A: "1", B: yes, C: , D: "true"}\n',
    "a mode that stays": "    configs: [{source: c, mode: 0o440}]\n",
    "a digest": "  one: {image: 'a@sha256:00', restart: always, healthcheck: {test: a}}\n",
    "a version from outside": "  one: {image: 'a:${TAG}', restart: always, healthcheck: {test: a}}\n",
    "always pulled": "  one: {image: a, pull_policy: always, restart: always, healthcheck: {test: a}}\n",
    "a default with a version": "  one: {image: '${I:-a:1}', restart: always, healthcheck: {test: a}}\n",
    "a job": "  one: {image: 'a:1', profiles: [ops]}\n",
    "a text of several lines": "    x-a: |\n      # no comment\n      1_000\n",
    "merged": "    x-a: &a {b: 1}\n    x-b: {<<: *a}\n",
}
STACK = {
    "build": ("  one: {build: ., healthcheck: {test: a}}\n", "stack-build", 6, 16),
    "a condition": ("    depends_on: {task: {condition: service_healthy}}\n", "stack-depends-on", 6, 18),
    "labels": ("    labels: {traefik.enable: 'true'}\n", "stack-labels", 6, 13),
}


def found(text: str, stack: bool = False) -> list[tuple[str, int, int]]:
    return [(each.rule, each.line, each.column) for each in lint.lint_file("a.yaml", text, stack)]


@pytest.mark.parametrize("name", ADDED)
def test_a_file_has_the_finding_at_its_place_and_no_other(name: str):
    added, *expected = ADDED[name]
    assert found(GOOD + added) == [tuple(expected)]


@pytest.mark.parametrize("name", HARMLESS)
def test_what_is_fine_has_no_finding(name: str):
    assert found(GOOD + HARMLESS[name]) == []


@pytest.mark.parametrize("name", STACK)
def test_a_stack_has_findings_of_its_own(name: str):
    added, *expected = STACK[name]
    assert found(GOOD + added, stack=True) == [tuple(expected)]


def test_a_host_name_that_other_stacks_have_is_found_where_it_is_used():
    shop = GOOD + '    environment: ["URL=postgres://u:p@db:5432/x", "DB_HOST=db", "MODE=db", "OTHER=http://adb/"]\n'
    rows = found(shop + GOOD.partition("\n")[2].replace("shop:\n", "db:\n"))
    assert rows == [("common-host", 6, 19), ("common-host", 6, 51), ("common-name", 7, 3)]


@pytest.mark.parametrize("text", ["", "a: 1\n", "[]\n", "services:\n", "services: a\n", "a\n", "\0", "\x7f"])
def test_what_is_no_compose_file_is_refused(text: str):
    assert [rule for rule, _, _ in found(text)] == ["yaml-refused"]


@pytest.mark.parametrize("key", ["PASSWORD", "DB_PASS", "api_key", "SESSION"])
def test_a_secret_is_not_shown(key: str):
    (change,) = lint.lint_file("a.yaml", GOOD + f'    environment: {{{key}: "1_000"}}\n')
    assert change.rule == "yaml-value" and "000" not in change.message and "5 characters" in change.message


def test_a_change_is_shown_before_and_after():
    (change,) = lint.lint_file("a.yaml", GOOD + '    environment: {SIZE: "1_000"}\n')
    assert change.message.startswith('services.shop.environment.SIZE: the text "1_000" becomes 1000: ')
    assert "'KEY=value'" in change.help


def test_every_rule_about_files_has_an_example():
    rows = {each[1] for each in (*ADDED.values(), *STACK.values())}
    assert rows == set(FILE | SERVICES) - {"common-host"}
    assert STACK_ONLY < rows and all(rule.mend and rule.finds for rule in RULES.values())


@given(st.text(st.sampled_from("services: \n  a{}[]&*<!'\"|>-#~0_1,?%@`\t"), max_size=60), st.booleans())
def test_any_text_is_linted_without_a_crash(text: str, stack: bool):
    for each in (text, f"services:\n  a: {text}\n", f"services:\n  a:\n    ports: {text}\n    volumes: {text}\n"):
        lint.lint_file("a.yaml", each, stack)


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6)
KEYS = st.sampled_from("image ports volumes environment labels deploy depends_on env_file healthcheck build".split())
BODIES = st.dictionaries(
    KEYS, st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner), max_leaves=8)
)


@given(st.dictionaries(st.text(max_size=4), BODIES | LEAVES, max_size=3), st.booleans())
def test_services_of_any_shape_are_linted_without_a_crash(services: dict, stack: bool):
    import yaml

    lint.lint_file("a.yaml", yaml.safe_dump({"services": services}), stack)


def test_a_mapping_that_merges_itself_ends():
    lint.lint_file("a.yaml", GOOD + "    x-a: &a\n      <<: *a\n      b: 1\n  two: *a\n")
    doubled = "".join(f"x{n}: &x{n} {{<<: [*x{n - 1}, *x{n - 1}]}}\n" for n in range(1, 40))
    lint.lint_file("a.yaml", "x0: &x0 {a: 1}\n" + doubled + "services: {a: *x39}\n")
