"""A release that came from a registry can be gone back to by its digest: when its image was pruned, and its tag moved on."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest

from slipway.system import registry as digests
from tests.support import clone
from tests.support.clone import Clone, assert_refused, free_port
from tests.support.containers import ROOT, container, docker, must, pause, tags
from tests.support.load.generator import load
from tests.support.waiting import until

pytestmark = pytest.mark.scenario

REGISTRY = """
FROM {base}
RUN apt-get -qq update && DEBIAN_FRONTEND=noninteractive apt-get -qq install --yes --no-install-recommends docker-registry
RUN printf 'version: 0.1\\nstorage: {{filesystem: {{rootdirectory: /tmp/registry}}}}\\nhttp: {{addr: ":5000"}}\\n' > /registry.yml
CMD ["docker-registry", "serve", "/registry.yml"]
"""
NAME = "slipway-test-registry"


@pytest.fixture(scope="module")
def registry(engine: None) -> Iterator[str]:
    """Host and port of a registry on loopback, which engines take without TLS."""
    must("build", "--quiet", "--tag", NAME, "-", stdin=REGISTRY.format(base=tags()["base"]))
    port = free_port()
    with container(NAME, "--publish", f"127.0.0.1:{port}:5000"):
        yield f"127.0.0.1:{port}"


@pytest.fixture(scope="module")
def shop(registry: str) -> Iterator[Clone]:
    """A stack whose app is pulled; three releases of it are in the registry, and none on the engine."""
    for version in ("one", "two", "three"):
        push(registry, version, version)
    with clone.made() as made:
        made.settle(APP_IMAGE=f"{registry}/shop:one", DRAIN_TIMEOUT="10", APP_BOOT_TIMEOUT="20")
        made.succeed("up")
        try:
            yield made
        finally:
            made.remove()
            forget(registry)


def push(registry: str, tag: str, version: str) -> None:
    """Puts an image that answers with this version under a tag of the registry, and keeps no copy of it."""
    slow, name = ROOT / "tests/scenarios/apps/slow", f"{registry}/shop:{tag}"
    must("build", "--quiet", "--build-arg", f"BASE={tags()['python']}", "--tag", f"{NAME}-app", str(slow))
    must("build", "--quiet", "--tag", name, "-", stdin=f"FROM {NAME}-app\nENV VERSION={version} BOOT_SECONDS=0.5\n")
    until(lambda: docker("push", "--quiet", name).returncode == 0, "the registry takes it")
    must("image", "rm", "--force", name)


def forget(registry: str) -> None:
    """Removes what the engine has of the registry's images."""
    for line in must("image", "ls", "--digests", "--format", "{{.Repository}} {{.ID}}").splitlines():
        if line.startswith(f"{registry}/"):
            docker("image", "rm", "--force", line.split()[1])


def records(shop: Clone) -> list[dict]:
    return json.loads(shop.succeed("history", "--json").splitlines()[-1])["releases"]


def deployed(shop: Clone, registry: str, tag: str) -> str:
    shop.settle(APP_IMAGE=f"{registry}/shop:{tag}")
    assert f"pull {registry}/shop:{tag}" in shop.succeed("deploy")
    assert tag in shop.get("/version")
    assert records(shop)[0]["digest"].startswith(f"{registry}/shop@sha256:")
    return records(shop)[0]["id"]


def test_the_digest_that_a_registry_is_asked_for_is_the_one_that_the_engine_pulls(shop: Clone, registry: str):
    assert records(shop)[0]["digest"] == f"{registry}/shop@{digests.digest(f'{registry}/shop:one')}"


def test_a_release_whose_image_is_gone_and_whose_tag_moved_on_is_pulled_by_its_digest(shop: Clone, registry: str):
    older = deployed(shop, registry, "two")
    deployed(shop, registry, "three")
    must("image", "rm", f"{registry}/shop:two")
    push(registry, "two", "another")
    with load(f"http://127.0.0.1:{shop.port}", seconds=60) as running:
        text = shop.succeed("rollback", "--to", older)
    assert f"pull {registry}/shop@sha256:" in text and running.result.failed == 0
    assert '"two"' in shop.get("/version") and "@sha256:" in records(shop)[0]["image"]


def test_a_tag_that_was_pulled_again_does_not_stand_for_the_release_of_then(shop: Clone, registry: str):
    older = next(each["id"] for each in records(shop) if each["image"].endswith(":two"))
    deployed_three = next(each["id"] for each in records(shop) if each["image"].endswith(":three"))
    shop.succeed("rollback", "--to", deployed_three)
    must("pull", "--quiet", f"{registry}/shop:two")  # it is "another" by now
    shop.succeed("rollback", "--to", older)
    assert '"two"' in shop.get("/version")


@pytest.mark.campaign
def test_a_release_that_can_be_had_nowhere_is_refused_and_what_serves_goes_on(shop: Clone, registry: str):
    first = records(shop)[-1]
    before = shop.ids()["app"]
    docker("image", "rm", "--force", first["image_id"])
    name = must("ps", "--filter", f"ancestor={NAME}", "--format", "{{.Names}}")
    pause(name)
    try:
        done = shop.invoke("rollback", "--to", first["id"])
    finally:
        must("unpause", name)
    assert_refused(done, 9, "@sha256:")
    assert shop.ids()["app"] == before
    shop.succeed("rollback", "--to", first["id"])
    assert '"one"' in shop.get("/version")
