"""Images for a server of Dokploy that has none of them: built here, pushed to a registry, pulled by the server as it deploys."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.scenarios.test_docker_registry import forget, registry  # noqa: F401
from tests.support.containers import must
from tests.support.dokploy import stack as stacks
from tests.support.dokploy.stack import OnServer
from tests.support.releasing import SLOW

pytestmark = pytest.mark.scenario


@pytest.fixture
def stack(registry: str) -> Iterator[OnServer]:  # noqa: F811
    with stacks.made(IMAGE_REGISTRY=f"{registry}/team", **SLOW) as made:
        try:
            yield made
        finally:
            made.remove()
            forget(registry)


def test_what_is_built_is_pushed_once_and_pulled_by_the_server(stack: OnServer, registry: str):  # noqa: F811
    text = stack.succeed("up")
    for name in ("postgres", "redis", "objects", "gateway", "ops", "app"):
        assert f"push {name}" in text
    images = must("inspect", "--format", "{{.Config.Image}}", *(each for ids in stack.ids().values() for each in ids))
    assert all(image.startswith(f"{registry}/team/slipway/") for image in images.split())
    pulled = [line for record in stack.logs() for line in record.splitlines() if "Pulled" in line]
    assert len(pulled) >= 6, stack.logs()

    stack.settle(APP_ENV_VERSION="two")
    assert "push" not in stack.succeed("deploy")
    assert "two" in stack.get("/version")
    (stack.root / "tests/scenarios/apps/slow/more.txt").write_text("another image")
    text = stack.succeed("deploy")
    assert "push app" in text and "push ops" not in text
    assert sum("Pulled" in line for line in stack.logs()[-2].splitlines()) == 1
