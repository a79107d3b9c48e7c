"""A whole Supabase project exits into a stack, by the commands that a team types: the same on every engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support.clone import Done
from tests.support.supabase.history import BEFORE
from tests.support.supabase.home import assert_at_home, wanted
from tests.support.supabase.source import PASSWORD, Source


@dataclass(frozen=True)
class Stack:
    """Its tree, what runs a command in it, its app's address, and the sha256 of each object in its store by key."""

    root: Path
    invoke: Callable[..., Done]
    url: Callable[[], str]
    held: Callable[[], dict[str, str]]

    def succeed(self, *words: str) -> str:
        done = self.invoke(*words)
        assert done.code == 0, f"invoke {' '.join(words)} ended with {done.code}:\n{done.text}"
        return done.text


def assert_exits(stack: Stack, project: Source) -> None:
    """Every step of the guide, and at its end the project's users with their passwords, rights and objects."""
    stack.succeed("up")
    tree = ("--tree", str(project.storage))
    told = stack.succeed("supabase.inventory") + stack.succeed("supabase.copy", "--into", "rehearsal")
    told += stack.succeed("supabase.copy", "--yes")
    moved = stack.invoke("supabase.objects", *tree)
    assert moved.code == 8 and "Invoices/2024/lost.pdf: the project has no bytes for it" in moved.text
    assert stack.held() == wanted(project)
    with project.connect() as team:
        team.execute("insert into public.tags (name) values ('the last one')")
    assert stack.invoke("supabase.prove", *tree).code == 8, "the project has gone on"
    told += stack.succeed("supabase.delta") + stack.succeed("supabase.prove", "--write", *tree)
    take_over_migrations(stack)
    assert_at_home(stack.url(), project)
    assert PASSWORD not in told + moved.text


def take_over_migrations(stack: Stack) -> None:
    """The project's history in the place of the example's, after which the stack has nothing to migrate."""
    for folder in ("migrations", "fixtures"):
        for path in (stack.root / folder).iterdir():
            path.unlink()
    # Nothing is recorded of the project's first version: the team writes what it was.
    (stack.root / "migrations" / "20231201000000_before.up.sql").write_text(BEFORE)
    stack.succeed("supabase.migrations")
    assert json.loads(stack.succeed("up", "--json").splitlines()[-1])["steps"] == 0
    assert "9 baseline, 0 pending" in stack.succeed("db.status")
