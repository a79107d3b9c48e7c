"""A whole Supabase project exits into a stack on Docker: database, logins, policies, objects."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator

import pytest

from tests.support.clone import Clone
from tests.support.containers import must
from tests.support.supabase.exits import Stack, assert_exits
from tests.support.supabase.source import Missing, Source, source

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

    def held() -> dict[str, str]:
        return json.loads(must("exec", fresh.id("ops"), "python3", "-c", HELD))

    assert_exits(Stack(fresh.root, fresh.invoke, lambda: fresh.url, held), project)
