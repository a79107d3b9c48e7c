"""A whole Supabase project exits into a stack on Docker: database, logins, policies, objects."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from tests.support.clone import Clone
from tests.support.containers import must
from tests.support.supabase.history import BEFORE
from tests.support.supabase.home import assert_at_home, wanted
from tests.support.supabase.source import PASSWORD, Missing, Source, source

pytestmark = pytest.mark.scenario

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


@pytest.fixture
def project(gateway: str) -> Iterator[Source]:
    """One that containers reach, by the address of this machine on the engine's own network."""
    try:
        with source(rows=100, large=100 * 2**20, address=gateway) as made:
            yield made
    except Missing as missing:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(missing))


def test_a_project_exits_into_a_stack(fresh: Clone, project: Source) -> None:
    fresh.settle(SUPABASE_DB_URL=project.url)
    fresh.succeed("up")
    tree = ("--tree", str(project.storage))
    told = fresh.succeed("supabase.inventory") + fresh.succeed("supabase.copy", "--into", "rehearsal")
    told += fresh.succeed("supabase.copy", "--yes")
    moved = fresh.invoke("supabase.objects", *tree)
    assert moved.code == 8 and "Invoices/2024/lost.pdf: the project has no bytes for it" in moved.text
    assert json.loads(must("exec", fresh.id("ops"), "python3", "-c", HELD)) == wanted(project)
    with project.connect() as team:
        team.execute("insert into public.tags (name) values ('the last one')")
    assert fresh.invoke("supabase.prove", *tree).code == 8, "the project has gone on"
    told += fresh.succeed("supabase.delta") + fresh.succeed("supabase.prove", "--write", *tree)
    take_over_migrations(fresh)
    assert_at_home(fresh.url, project)
    assert PASSWORD not in told + moved.text


def take_over_migrations(stack: Clone) -> None:
    """The project's history in the place of the example's, after which the stack has nothing to migrate."""
    for folder in ("migrations", "fixtures"):
        for path in (stack.root / folder).iterdir():
            path.unlink()
    # Nothing is recorded of the project's first version: the team writes what it was.
    (stack.root / "migrations" / "20231201000000_before.up.sql").write_text(BEFORE)
    stack.succeed("supabase.migrations")
    assert json.loads(stack.succeed("up", "--json").splitlines()[-1])["steps"] == 0
    assert "9 baseline, 0 pending" in stack.succeed("db.status")
