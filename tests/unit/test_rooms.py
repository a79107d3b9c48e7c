"""Who may import whom: the rooms of slipway/, and no circle between its modules."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
ENGINES = ("slipway.engine.docker", "slipway.engine.dokploy", "slipway.engine.embedded")


def within(module: str, *rooms: str) -> bool:
    return any(module == room or module.startswith(f"{room}.") for room in rooms)


# Whether an import is against the rule.
RULES: Mapping[str, Callable[[str, str], bool]] = {
    "data imports neither ops nor engine": lambda one, other: (
        within(one, "slipway.data") and within(other, "slipway.ops", "slipway.engine")
    ),
    "no verb imports a verb": lambda one, other: within(one, "slipway.verbs") and within(other, "slipway.verbs"),
    "no verb names an engine": lambda one, other: within(one, "slipway.verbs") and within(other, *ENGINES),
    "no other room imports a verb": lambda one, other: (
        not within(one, "slipway.verbs") and within(other, "slipway.verbs")
    ),
}


def modules() -> dict[str, Path]:
    paths = (path.relative_to(ROOT) for path in sorted(ROOT.glob("slipway/**/*.py")))
    return {".".join(path.with_suffix("").parts).removesuffix(".__init__"): ROOT / path for path in paths}


def imports(known: Mapping[str, Path], while_running: bool) -> Iterator[tuple[str, str]]:
    """Pairs of importer and imported, those inside functions too; those for type checkers unless `while_running`."""
    for name, path in known.items():
        for node in nodes(ast.parse(path.read_text(encoding="utf-8")), while_running):
            for other in imported(node, known):
                if other != name:
                    yield name, other


def nodes(tree: ast.AST, while_running: bool) -> Iterator[ast.Import | ast.ImportFrom]:
    for node in ast.iter_child_nodes(tree):
        if while_running and isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING":
            continue
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node
        yield from nodes(node, while_running)


def imported(node: ast.Import | ast.ImportFrom, known: Mapping[str, Path]) -> Iterator[str]:
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in known)
        return
    for alias in node.names:
        yield next((name for name in (f"{node.module}.{alias.name}", node.module) if name in known), "")


def broken(rule: str) -> set[str]:
    against = RULES[rule]
    pairs = imports(modules(), while_running=False)
    return {f"{one} -> {other}" for one, other in pairs if against(one, other)}


def circles() -> set[str]:
    """Modules that import each other, however long the way round is."""
    known = modules()
    to: dict[str, set[str]] = {name: set() for name in known}
    for one, other in imports(known, while_running=True):
        if other:
            to[one].add(other)
    reach = {name: reached(name, to) for name in known}
    found = {frozenset(other for other in reach[name] if name in reach[other]) for name in known}
    return {" <-> ".join(sorted(circle)) for circle in found if circle}


def reached(start: str, to: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    left = list(to[start])
    while left:
        if (name := left.pop()) not in seen:
            seen.add(name)
            left.extend(to[name])
    return seen


@pytest.mark.parametrize("rule", RULES)
def test_rooms_import_only_what_they_may(rule):
    assert broken(rule) == set()


def test_no_modules_import_each_other():
    assert circles() == set()


def test_a_store_is_named_in_its_own_files_alone():
    own = re.compile(
        r"slipway/(stack/stores/(__init__|redis)|engine/embedded/stores/redis|data/gates/redis|data/redis/\w+)\.py"
    )
    named = {path.relative_to(ROOT).as_posix() for path in modules().values() if "redis" in path.read_text().lower()}
    assert {path for path in named if not own.fullmatch(path)} == set()
