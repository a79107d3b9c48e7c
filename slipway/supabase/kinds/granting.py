"""Rights as few statements: objects together on which the same roles may do the same. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

PUBLIC = 0
List = tuple[str, str, bool, list]  # see rights.lists


def together(lists: Iterable[List], names: Mapping[int, str]) -> Iterator[str]:
    """The statements that give these roles, and PUBLIC, what the lists say.

    What PUBLIC has by itself on most servers is said too: a bundled database gives it nothing.
    """
    closed: dict[str, list[str]] = {}
    groups: dict[tuple[str, str, str], list[str]] = {}
    for word, target, public, given in lists:
        if public and not any(role == PUBLIC for role, *_ in given):
            closed.setdefault(word, []).append(target)
        for clause, to in clauses([each for each in given if each[0] in names], names):
            groups.setdefault((word, clause, to), []).append(target)
    yield from (statement("REVOKE ALL", word, targets, "FROM PUBLIC") for word, targets in closed.items())
    yield from (statement(clause, word, targets, to) for (word, clause, to), targets in groups.items())


def clauses(given: Iterable[list], names: Mapping[int, str]) -> Iterator[tuple[str, str]]:
    """GRANT and its privileges, and to whom, of one object: roles together that may do the same."""
    held: dict[tuple[str, bool], set[str]] = {}
    for role, privilege, option in given:
        held.setdefault((names[role], option), set()).add(privilege)
    alike: dict[tuple[str, bool], list[str]] = {}
    for (name, option), privileges in sorted(held.items()):
        alike.setdefault((", ".join(sorted(privileges)), option), []).append(name)
    for (privileges, option), roles in alike.items():
        yield f"GRANT {privileges}", f"TO {', '.join(roles)}" + (" WITH GRANT OPTION" if option else "")


def statement(begin: str, word: str, targets: list[str], end: str) -> str:
    """One statement; a line for each object where there are several."""
    if len(targets) == 1:
        return f"{begin} ON {word} {targets[0]} {end}"
    lines = ",\n    ".join(targets)
    return f"{begin} ON {word}\n    {lines}\n{end}"
