"""`dokploy.blueprint`: where it writes, what it tells, and that its secrets are new each time and nobody else's."""

from __future__ import annotations

import base64
import json
import re
import stat
import tomllib
from pathlib import Path

import pytest
from invoke.parser import Parser

import tasks
from slipway.config import secret_strength
from slipway.environment import ROOT
from slipway.errors import SettingsError
from slipway.stack.dokploy import env_values
from slipway.system import inherited
from slipway.verbs.dokploy import blueprint
from tests.support.dokploy import templates

SECRET = "not-in-a-blueprint-0123456789"


class Told:
    """A reporter that keeps what it is told."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.facts: dict = {}

    def line(self, text: str) -> None:
        self.lines.append(text)

    def done(self, text: str, **facts) -> None:
        self.lines.append(text)
        self.facts = facts


def told(**options) -> Told:
    reporter = Told()
    blueprint.run(options.pop("on", "production"), reporter, **options)
    return reporter


def written(place: Path) -> dict[str, str]:
    told(into=str(place))
    return {path.name: path.read_text() for path in (place / "slipway").iterdir()}


def secrets(template: str) -> dict[str, str]:
    text = templates.environment(tomllib.loads(template)["config"])
    return {each.key: each.value for each in env_values.read(text)}


@pytest.fixture(autouse=True)
def no_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the shell and a file of this checkout say of a stack is left aside."""
    for name in list(blueprint.os.environ):
        if name in blueprint.envfile.KEYS:
            monkeypatch.delenv(name)
    monkeypatch.setattr(blueprint.envfile, "path_of", lambda root, on: Path("/nowhere/.env"))


def test_the_folder_is_named_like_the_project_and_good_by_the_rules(tmp_path: Path):
    files = written(tmp_path / "new")
    assert sorted(files) == ["docker-compose.yml", "logo.svg", "meta.json", "template.toml"]
    assert not templates.errors(files, "slipway")


def test_each_run_makes_other_secrets_that_are_strong_and_are_all_that_the_file_asks_for(tmp_path: Path):
    first, second = (secrets(written(tmp_path)["template.toml"]) for _ in range(2))
    assert first.keys() == second.keys() and not set(first.values()) & set(second.values())
    for key, value in first.items():
        assert secret_strength.weakness(value, [each for other, each in first.items() if other != key]) is None
    compose = (tmp_path / "slipway/docker-compose.yml").read_text()
    asked = set(re.findall(r"\$\{([A-Z_0-9]+):\?", compose))
    assert asked == set(first)
    assert not any(value in compose for value in [*first.values(), *second.values()])


def test_the_secrets_are_for_their_owner_alone(tmp_path: Path):
    written(tmp_path)
    assert stat.S_IMODE((tmp_path / "slipway").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "slipway/template.toml").stat().st_mode) == 0o600


def test_a_secret_of_the_environment_is_left_empty_and_told_by_its_name(tmp_path: Path, monkeypatch):
    monkeypatch.setenv("APP_ENV_STRIPE_KEY", SECRET)
    monkeypatch.setenv("POSTGRES_PASSWORD", SECRET)
    reporter = told(into=str(tmp_path))
    assert secrets((tmp_path / "slipway/template.toml").read_text())["APP_ENV_STRIPE_KEY"] == ""
    assert reporter.facts["empty"] == ["APP_ENV_STRIPE_KEY"] and "APP_ENV_STRIPE_KEY" in reporter.lines[0]
    assert not any(SECRET in path.read_text() for path in (tmp_path / "slipway").iterdir())
    assert SECRET not in " ".join(reporter.lines)


def test_it_says_that_the_folder_holds_secrets_and_shows_none(tmp_path: Path):
    reporter = told(into=str(tmp_path))
    assert "Whoever has the folder has them" in reporter.lines[-1] and "never for a public one" in reporter.lines[-1]
    made = secrets((tmp_path / "slipway/template.toml").read_text())
    assert reporter.facts == {"folder": str(tmp_path / "slipway"), "secrets": len(made), "empty": []}
    assert not any(value in " ".join(reporter.lines) for value in made.values())


def test_the_import_is_printed_alone_and_nothing_is_written(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(inherited, "TYPED_IN", tmp_path)
    monkeypatch.setattr(blueprint, "write", None)
    (text,) = told(base64=True).lines
    content = json.loads(base64.b64decode(text, validate=True))
    assert sorted(content) == ["compose", "config"] and secrets(content["config"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("options", "where"), [({"on": "local"}, "--on"), ({"into": "a", "base64": True}, "--into")])
def test_what_makes_no_sense_is_refused(options: dict, where: str):
    with pytest.raises(SettingsError) as caught:
        told(**options)
    assert caught.value.where == where


def test_a_folder_that_cannot_be_made_is_refused(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="--into"):
        told(into=str(tmp_path / "file"))


def test_into_is_a_directory_from_where_the_person_stood(tmp_path: Path, monkeypatch):
    monkeypatch.setattr(inherited, "TYPED_IN", tmp_path)
    told(into="here")
    assert (tmp_path / "here/slipway/meta.json").is_file()


def test_without_a_directory_it_lies_where_git_does_not_look():
    assert ".slipway/" in (ROOT / ".gitignore").read_text().split()


def test_the_task_takes_these_words():
    words = ["dokploy.blueprint", "--into", "a", "--on", "staging"]
    (context,) = Parser(contexts=tasks.namespace.to_contexts()).parse_argv(words)
    assert (context.args.into.value, context.args.on.value, context.args.base64.value) == ("a", "staging", False)
