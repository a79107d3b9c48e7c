"""Templates that are kept compiled render as those that are not, whatever has become of what was kept."""

from __future__ import annotations

import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import jinja2
import pytest

from slipway.config.settings import Settings
from slipway.environment import ROOT
from slipway.errors import SettingsError
from slipway.stack import model, render

STACK = model.build(Settings())


def rendered(root: Path) -> dict[str, str]:
    """What a command of its own would render."""
    render.jinja.cache_clear()
    return render.files(STACK, root)


def kept(root: Path) -> list[Path]:
    return sorted((root / "templates/__pycache__").glob("*"))


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    shutil.copytree(ROOT / "templates", tmp_path / "templates", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def damage(root: Path) -> None:
    for number, path in enumerate(kept(root)):
        path.write_bytes(path.read_bytes()[: number * 7])


def take_its_place(root: Path) -> None:
    shutil.rmtree(root / "templates/__pycache__")
    (root / "templates/__pycache__").write_text("")


@pytest.mark.parametrize("happens", [lambda root: None, damage, take_its_place], ids=["nothing", "damage", "a file"])
def test_the_text_is_the_same_from_what_was_kept(root: Path, happens: Callable[[Path], None]) -> None:
    first = rendered(root)
    assert kept(root)
    happens(root)
    assert first == rendered(root) == rendered(ROOT)


def test_what_was_kept_is_not_compiled_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = rendered(root)
    monkeypatch.setattr(jinja2.Environment, "compile", None)
    assert rendered(root) == first


def test_a_template_that_changes_is_compiled_anew_and_a_fault_in_it_has_its_place(root: Path) -> None:
    before, template = rendered(root), root / "templates/local.yaml.j2"
    text = template.read_text()
    template.write_text(text + "# more\n")
    assert rendered(root)["local.yaml"] == before["local.yaml"] + "# more\n"
    template.write_text(text + "{{ 1 + 'a' }}\n")
    for _ in range(2):
        with pytest.raises(SettingsError) as refusal:
            rendered(root)
        assert refusal.value.where == f"templates/local.yaml.j2:{text.count(chr(10)) + 1}"


def test_nothing_is_kept_where_python_may_not_keep_its_own(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "dont_write_bytecode", True)
    assert rendered(root) and not kept(root)
