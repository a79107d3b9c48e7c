"""Two stacks that come to one name on a Docker engine: the second is refused, whatever it is asked to do."""

from __future__ import annotations

import os
import tempfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from slipway.config import envfile
from slipway.engine.docker import client, owner
from slipway.errors import SettingsError
from slipway.stack import model
from tests.support.clone import Clone, assert_refused
from tests.support.tree import copy_tree

pytestmark = pytest.mark.scenario


@pytest.fixture(scope="module")
def second(shared: Clone) -> Iterator[Clone]:
    """Another checkout with settings of its own and the same PROJECT; nothing of it was started."""
    with tempfile.TemporaryDirectory(prefix="slipway-clone-") as folder:
        clone = Clone(Path(folder), shared.project, shared.port)
        copy_tree(clone.root)
        clone.succeed("init")
        clone.settle(PROJECT=clone.project, ENGINE="docker", IMAGES="debian", HTTP_PORT=str(clone.port))
        yield clone


@pytest.mark.parametrize(
    "words",
    ["up", "deploy", "status", "db.rollback", "restore latest --yes", "down --volumes --yes"],
)
def test_another_checkout_touches_nothing_of_a_stack_that_has_its_name(shared: Clone, second: Clone, words: str):
    before = shared.ids()
    done = second.invoke(*words.split())
    assert_refused(done, 2, str(shared.root), str(second.root), "STACK_ID", "another PROJECT", "nothing was touched")
    assert shared.ids() == before


def test_another_checkout_of_the_same_stack_may_work_on_it(shared: Clone, second: Clone):
    own = second.setting("STACK_ID")
    second.settle(STACK_ID=shared.setting("STACK_ID"))
    try:
        second.succeed("db.status", "--exit-code")
    finally:
        second.settle(STACK_ID=own)


@pytest.fixture
def name() -> Iterator[str]:
    name = f"t{uuid.uuid4().hex[:8]}"
    yield name
    connection = client.connect(os.environ)
    for volume in connection.api.volumes.list(filters={"name": f"{name}-"}):
        volume.remove()


def stack_of(root: Path, **settings: str):
    text = envfile.fresh_secrets() | settings
    (root / ".env").write_text("".join(f"{key}={value}\n" for key, value in text.items()))
    return model.build(envfile.load(root, "local", {}))


@pytest.mark.parametrize("ids", [("a", "b"), ("a", "a"), ("", "")])
def test_two_pairs_that_join_to_one_name_are_told_apart(engine, tmp_path, name: str, ids):
    connection = client.connect(os.environ)
    first = stack_of(tmp_path, PROJECT=name, ENVIRONMENT="eu-prod", STACK_ID=ids[0])
    other = stack_of(tmp_path, PROJECT=f"{name}-eu", ENVIRONMENT="prod", STACK_ID=ids[1])
    assert first.name == other.name
    owner.claim(connection, first, tmp_path)
    owner.claim(connection, first, tmp_path)
    with pytest.raises(SettingsError, match=f"PROJECT={name}, ENVIRONMENT=eu-prod"):
        owner.claim(connection, other, tmp_path)
    owner.release(connection, first)
    owner.release(connection, first)
    owner.claim(connection, other, tmp_path)


def test_a_stack_of_before_there_were_ids_gets_its_own(engine, tmp_path, name: str):
    connection = client.connect(os.environ)
    owner.claim(connection, stack_of(tmp_path, PROJECT=name, STACK_ID=""), tmp_path)
    stack = stack_of(tmp_path, PROJECT=name, STACK_ID="mine")
    owner.claim(connection, stack, tmp_path)
    assert owner.read(connection, stack).id == "mine"
