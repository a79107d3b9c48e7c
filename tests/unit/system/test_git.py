"""The revision of a release: its commit, and whether the tree held more than that."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from slipway.stack import images
from slipway.system import git as revision


def git(root: Path, *words: str) -> str:
    who = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    return subprocess.run(
        ["git", "-C", str(root), *who, *words], check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    for name in ("app/main.py", "compose/local.yaml"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_text("first")
    (tmp_path / ".gitignore").write_text("*.pyc\n")
    git(tmp_path, "init", "--quiet")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "--quiet", "--message", "first")
    return tmp_path


@pytest.mark.parametrize(
    ("changed", "mark"),
    [
        ("", ""),
        ("app/main.py", "-dirty"),
        ("app/new.py", "-dirty"),
        ("app/main.pyc", ""),
        ("compose/local.yaml", ""),
        ("compose/new.yaml", ""),
    ],
)
def test_whatever_a_build_would_take_in_is_told_and_what_was_rendered_or_is_ignored_is_none(tree, changed, mark):
    if changed:
        (tree / changed).write_text("second")
    assert revision.of(tree) == git(tree, "rev-parse", "--short=8", "HEAD") + mark


def test_a_file_that_a_build_takes_in_makes_the_revision_dirty(tree):
    (tree / "app" / "new.py").write_text("new")
    assert "new.py" in dict(images.git_files(tree / "app")) and revision.of(tree).endswith("-dirty")


def test_where_there_is_no_commit_there_is_no_revision(tmp_path):
    assert revision.of(tmp_path) == ""
    git(tmp_path, "init", "--quiet")
    assert revision.of(tmp_path) == ""
