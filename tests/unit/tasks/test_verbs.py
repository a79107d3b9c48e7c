"""Every task leads to a verb that is there: it is named by a text, which no editor follows."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]


def performed() -> Iterator[str]:
    """The verbs that tasks name."""
    for path in (ROOT / "tasks.py", *(ROOT / "slipway/tasks").glob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "perform":
                yield from (each.value for each in node.args[:1] if isinstance(each, ast.Constant))


@pytest.mark.parametrize("verb", sorted(set(performed())))
def test_a_task_leads_to_a_verb_that_is_there(verb: str):
    assert callable(importlib.import_module(f"slipway.verbs.{verb}").run)
