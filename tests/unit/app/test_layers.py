"""The backend's folders keep their promise: what is inside does not know what is outside."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

BACKEND = Path(__file__).parents[3] / "app" / "backend"
ALLOWED = {"domain": ("backend.domain",), "usecases": ("backend.domain", "backend.usecases")}


def imported(path: Path) -> set[str]:
    """The modules that a file names in its imports."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(node.module or "")
    return names


@pytest.mark.parametrize("folder", ALLOWED)
def test_the_core_imports_no_framework_and_no_driver(folder: str) -> None:
    files = sorted((BACKEND / folder).rglob("*.py"))
    foreign = {
        f"{path.relative_to(BACKEND)}: {name}"
        for path in files
        for name in imported(path)
        if name.partition(".")[0] not in sys.stdlib_module_names and not name.startswith(ALLOWED[folder])
    }
    assert files and foreign == set()
