"""A whole Supabase project exits into a stack on a server of Dokploy, its objects by the project's API."""

from __future__ import annotations

import pytest

from tests.support.dokploy import stack as stacks
from tests.support.dokploy.stack import ON
from tests.support.supabase.exits import Stack, assert_exits, held_by
from tests.support.supabase.source import Source
from tests.support.supabase.storage_api import KEY, api

pytestmark = pytest.mark.scenario


def test_a_project_exits_into_a_stack(engine: None, gateway: str, project: Source) -> None:
    with api(project, address=gateway) as url:
        told = {"SUPABASE_DB_URL": project.url, "SUPABASE_URL": url, "SUPABASE_API_KEY": KEY}
        with stacks.made(**told) as made:
            yes = ("--yes", f"{made.project}-{ON}")
            stack = Stack(
                made.root, made.invoke, lambda: made.url, lambda: held_by(made.id("ops")), yes=yes, has_copies=True
            )
            assert_exits(stack, project)
