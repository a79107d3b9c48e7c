"""A whole Supabase project exits into a stack on Docker: database, logins, policies, objects."""

from __future__ import annotations

import pytest

from tests.support.clone import Clone
from tests.support.supabase.exits import Stack, assert_exits, held_by
from tests.support.supabase.source import Source

pytestmark = pytest.mark.scenario


def test_a_project_exits_into_a_stack(fresh: Clone, project: Source) -> None:
    fresh.settle(SUPABASE_DB_URL=project.url)
    tree = ("--tree", str(project.storage))
    assert_exits(Stack(fresh.root, fresh.invoke, lambda: fresh.url, lambda: held_by(fresh.id("ops")), tree), project)
