"""A whole Supabase project exits into a stack, by the commands that a team types: the same on every engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.support.clone import Done
from tests.support.containers import must
from tests.support.supabase.history import BEFORE
from tests.support.supabase.home import assert_at_home, wanted
from tests.support.supabase.source import PASSWORD, Source

HELD = """
import hashlib, json, os
from slipway.data import endpoints; from slipway.data.objects import client as objects
ends = endpoints.read(os.environ)
s3, bucket, found = objects.client(ends), ends.s3_buckets[0], {}
for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket):
    for each in page.get("Contents", ()):
        body = s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read()
        found[each["Key"]] = hashlib.sha256(body).hexdigest()
print(json.dumps(found))
"""


@dataclass(frozen=True)
class Stack:
    """Its tree, what runs a command in it, its app's address, and the sha256 of each object in its store by key.

    `objects`: the words that say where the objects come from, without which the settings do. `yes`: those that agree to
    what replaces the live database. `has_copies`: its services have copies of the tree's files, which follow with `up`.
    """

    root: Path
    invoke: Callable[..., Done]
    url: Callable[[], str]
    held: Callable[[], dict[str, str]]
    objects: tuple[str, ...] = ()
    yes: tuple[str, ...] = ("--yes",)
    has_copies: bool = False

    def succeed(self, *words: str) -> str:
        done = self.invoke(*words)
        assert done.code == 0, f"invoke {' '.join(words)} ended with {done.code}:\n{done.text}"
        return done.text


def assert_exits(stack: Stack, project: Source) -> None:
    """Every step of the guide, and at its end the project's users with their passwords, rights and objects."""
    stack.succeed("up")
    told = stack.succeed("supabase.inventory") + stack.succeed("supabase.copy", "--into", "rehearsal")
    told += stack.succeed("supabase.copy", *stack.yes)
    moved = stack.invoke("supabase.objects", *stack.objects)
    assert moved.code == 8 and "Invoices/2024/lost.pdf: the project has no bytes for it" in moved.text
    assert stack.held() == wanted(project)
    with project.connect() as team:
        team.execute("insert into public.tags (name) values ('the last one')")
    assert stack.invoke("supabase.prove", *stack.objects).code == 8, "the project has gone on"
    told += stack.succeed("supabase.delta") + stack.succeed("supabase.prove", "--write", *stack.objects)
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
    if stack.has_copies:
        stack.succeed("up")
    assert json.loads(stack.succeed("up", "--json").splitlines()[-1])["steps"] == 0
    assert "9 baseline, 0 pending" in stack.succeed("db.status")


def held_by(ops: str) -> dict[str, str]:
    """What the store of a stack on Docker has, read in its container of the data side."""
    return json.loads(must("exec", ops, "python3", "-c", HELD))
