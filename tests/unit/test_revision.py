"""The revision of a release: its commit, and whether the tree held more than that."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from slipway import revision


def git(root: Path, *words: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    return subprocess.run(["git", "-C", str(root), *who, *words], check=True, capture_output=True, text=True).stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("app/main.py", "compose/local.yaml"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("first")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


@pytest.mark.parametrize(("changed", "mark"), [("", ""), ("app/main.py", "-dirty"), ("compose/local.yaml", "")])
def test_a_change_of_the_sources_is_told_and_what_was_rendered_is_none(tree, changed, mark):
    if changed:
        (tree / changed).write_text("second")
    assert revision.of(tree) == git(tree, "rev-parse", "--short=8", "HEAD") + mark


def test_where_there_is_no_commit_there_is_no_revision(tmp_path):
    assert revision.of(tmp_path) == ""
    git(tmp_path, "init", "--quiet")
    assert revision.of(tmp_path) == ""
