"""`dokploy.lint`: which files it reads, what it tells, and when it fails."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from invoke.parser import Parser

import tasks
from slipway.environment import ROOT
from slipway.errors import SettingsError, VerificationError
from slipway.stack.dokploy.rules import RULES
from slipway.system import inherited
from slipway.verbs.dokploy import lint

GOOD = "services:\n  shop: {image: 'shop:1', restart: always, healthcheck: {test: a}}\n"
ADVISED = GOOD + "name: shop\n"
BAD = GOOD + "  one: {image: 'one:1', restart: always, container_name: one, healthcheck: {test: a}}\n"
COLUMN = BAD.splitlines()[2].index("one, health") + 1
DEFAULTS = {"kind": "docker-compose", "version": "0.30.2"}


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


def linted(file: Path, **options) -> Told:
    told = Told()
    lint.run("production", told, **(DEFAULTS | {"file": str(file)} | options))
    return told


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "docker-compose.yml"
    path.write_text(GOOD)
    return path


def test_a_file_without_findings_passes(file: Path):
    assert linted(file).lines == ["0 findings in 1 file (0 errors, 0 warnings, 0 advice)."]


def test_advice_alone_passes(file: Path):
    file.write_text(ADVISED)
    told = linted(file)
    assert told.lines[0] == f"  advice   {file}:3:1  project"
    assert [each["rule"] for each in told.facts["findings"]] == ["project"]


def test_an_error_fails_with_its_place_and_mend(file: Path):
    file.write_text(BAD)
    with pytest.raises(VerificationError) as failed:
        linted(file)
    assert (failed.value.where, failed.value.next) == (f"{file}:3:{COLUMN}", RULES["container-name"].mend)
    assert failed.value.code == 8


def test_an_error_is_told_before_the_warnings_above_it(file: Path):
    file.write_text(BAD.replace("restart: always, ", "", 1))
    with pytest.raises(VerificationError) as failed:
        linted(file)
    assert failed.value.where == f"{file}:3:{COLUMN}"


def test_the_env_beside_it_is_read_and_so_is_one_that_is_named(file: Path, tmp_path: Path):
    (tmp_path / ".env").write_text("A=b#c\n")
    with pytest.raises(VerificationError) as failed:
        linted(file)
    assert failed.value.where == f"{tmp_path / '.env'}:1:4"
    (tmp_path / "other.env").write_text("A='b#c'\n")
    assert linted(file, env=str(tmp_path / "other.env")).facts["files"] == 2


def test_a_path_counts_from_where_the_person_stood(file: Path, tmp_path: Path, monkeypatch):
    monkeypatch.setattr(inherited, "TYPED_IN", tmp_path)
    (tmp_path / ".env").write_text("A='b'\n")
    assert linted(Path(file.name)).facts == {"findings": [], "files": 2}


def test_a_command_is_looked_at_for_a_version(file: Path):
    chain = "compose -p shop run --rm migrate && docker compose -p shop up -d"
    assert linted(file, command=chain).facts["findings"] == []
    with pytest.raises(VerificationError) as failed:
        linted(file, command=chain, version="v0.29.13")
    assert failed.value.where == "--command:1:34"


def test_without_a_file_it_is_the_rendered_one_of_the_environment():
    with pytest.raises(VerificationError) as failed:
        linted("")
    assert failed.value.where.startswith("compose/production.yaml:")
    assert (ROOT / "compose/production.yaml").is_file()


WRONG = {
    "a file that is not there": {"file": "/nowhere/a.yaml"},
    "a folder": {"file": "/"},
    "a flag that is none": {"file": "--help"},
    "an env that is not there": {"env": "/nowhere/.env"},
    "a kind": {"kind": "swarm"},
    "a version": {"version": "newest"},
    "a version of digits alone": {"version": "0.30"},
}


@pytest.mark.parametrize("name", WRONG)
def test_what_is_asked_wrongly_is_said(name: str, file: Path):
    with pytest.raises(SettingsError) as failed:
        linted(**({"file": file} | WRONG[name]))
    assert failed.value.found and failed.value.expected and failed.value.next


def test_a_file_that_is_no_text_or_far_too_large_is_refused(file: Path):
    for content in (b"\xff\xfe", b"#" * (lint.SIZE + 1)):
        file.write_bytes(content)
        with pytest.raises(SettingsError):
            linted(file)


def test_no_secret_is_in_what_machines_read(file: Path, tmp_path: Path):
    (tmp_path / ".env").write_text('DB_PASS=hunter2#hunter2\nKEY="hunter2\\"hunter2"\n')
    told = Told()
    with pytest.raises(VerificationError) as failed:
        lint.run("production", told, file=str(file), **DEFAULTS)
    assert "hunter2" not in json.dumps([told.lines, told.facts, failed.value.fields()])
    assert len(told.facts["findings"]) == 2


@pytest.mark.parametrize(
    ("words", "values"),
    [
        ([], {"file": "", "on": "production", "version": "0.30.2", "type": "docker-compose"}),
        (["a.yml"], {"file": "a.yml"}),
        (
            ["a.yml", "--type", "stack", "--version", "0.29.13"],
            {"file": "a.yml", "type": "stack", "version": "0.29.13"},
        ),
        (["--command", "compose up && docker compose ps"], {"file": "", "command": "compose up && docker compose ps"}),
        (["--on", "staging", "--json"], {"file": "", "on": "staging", "json": True}),
    ],
)
def test_the_task_takes_a_file_or_none(words: list[str], values: dict):
    (found,) = Parser(tasks.namespace.to_contexts()).parse_argv(["dokploy.lint", *words])
    assert {name: found.args[name].value for name in values} == values


def test_the_docs_list_every_rule():
    rows = [line.split("|")[1:4] for line in (ROOT / "docs/dokploy.md").read_text().splitlines() if line[:3] == "| `"]
    listed = {name.strip().strip("`"): (level.strip(), finds.strip()) for name, level, finds in rows}
    assert {name: found for name, found in listed.items() if name in RULES} == {
        name: (rule.level, rule.finds) for name, rule in RULES.items()
    }
