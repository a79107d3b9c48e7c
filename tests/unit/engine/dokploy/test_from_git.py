"""What Dokploy is told of a branch that it deploys by itself; the deploys themselves are a scenario."""

from __future__ import annotations

import pytest

from slipway.engine.dokploy import from_git
from slipway.engine.dokploy.api.client import connect
from slipway.engine.dokploy.api.failures import TooOld
from slipway.engine.dokploy.from_git import Tree
from slipway.environment import ROOT
from slipway.errors import SettingsError
from slipway.stack import model, render
from slipway.stack.dokploy import lint
from slipway.system.redact import Secret
from tests.support.dokploy.server import served
from tests.unit.conftest import settings_of
from tests.unit.stack.test_dokploy_target import DOKPLOY

TREE = Tree("https://git.example.org/shop.git", "main")


def stack_of(**more) -> model.Stack:
    return model.build(settings_of(**DOKPLOY | more))


@pytest.mark.parametrize("version", [(0, 25, 0), (0, 30, 2)])
def test_the_command_is_one_that_dokploy_takes(version: tuple[int, int, int]):
    command = from_git.command("shop-production-abc123", 2)
    assert lint.lint_command(command, version) == []
    parts = command.split(" && docker ")
    # Nothing is stopped before another has taken over.
    order = [
        next(i for i, part in enumerate(parts) if end in part) for end in ("prepare", "switch green", "switch blue")
    ]
    assert order == sorted(order) and parts[-1].endswith("up -d --remove-orphans")


def test_it_is_arranged_once_and_deploys_nothing(tmp_path):
    stack = stack_of()
    env = from_git.environment(stack, render.files(stack, ROOT)["dokploy.yaml"], {})
    assert {"POSTGRES_PASSWORD", "S3_SECRET_KEY"} <= env.keys() and "DOKPLOY_API_KEY" not in env
    with served(tmp_path) as server:
        client = connect(server.url, Secret(server.key()))
        service = client.ensure("shop", "production", stack.name)
        assert from_git.arrange(client, service, stack, TREE, env, {})
        assert not from_git.arrange(client, service, stack, TREE, env, {})
        row = server.state.composes[service.id]
        assert (row["sourceType"], row["customGitBranch"], row["composePath"]) == (
            "git",
            "main",
            "./compose/dokploy.yaml",
        )
        assert not server.state.deployments


def test_a_version_that_takes_no_chain_is_told_before_anything_is_written(tmp_path):
    stack = stack_of()
    with served(tmp_path, version=(0, 29, 13)) as server:
        client = connect(server.url, Secret(server.key()))
        service = client.ensure("shop", "production", stack.name)
        with pytest.raises(TooOld):
            from_git.arrange(client, service, stack, TREE, {}, {})
        assert server.state.composes[service.id]["sourceType"] != "git"


@pytest.mark.parametrize("more", [{}, {"environment": "staging"}])
def test_a_file_that_is_not_of_these_settings_is_refused(tmp_path, more: dict):
    stack = stack_of(**more)
    rendered = render.files(stack, ROOT)[f"{stack.file}.yaml"]
    with pytest.raises(SettingsError):
        from_git.refuse_stale(tmp_path, stack, rendered)
