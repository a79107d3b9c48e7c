"""Which image a tag stands for, asked of a real registry's API on loopback."""

from __future__ import annotations

import pytest

from slipway.errors import EngineError
from slipway.system import registry
from tests.support.registry import digest_of, serving

MANIFEST = b'{"schemaVersion": 2, "manifests": []}'


@pytest.mark.parametrize("private", [True, False], ids=["with a token", "open"])
@pytest.mark.parametrize("tells", [True, False], ids=["tells it", "has it counted"])
def test_the_digest_is_that_of_the_manifest(private: bool, tells: bool) -> None:
    with serving({"library/postgres:18": MANIFEST}, private, tells) as host:
        assert registry.digest(f"{host}/library/postgres:18") == digest_of(MANIFEST)


def test_a_tag_that_is_not_there_and_a_registry_that_does_not_answer_are_each_a_sentence() -> None:
    with serving({}) as host, pytest.raises(EngineError) as caught:
        registry.digest(f"{host}/library/postgres:99")
    assert caught.value.where.endswith("library/postgres:99") and "answers 404" in caught.value.found
    with pytest.raises(EngineError, match="does not answer"):
        registry.digest(f"{host}/library/postgres:18")


@pytest.mark.parametrize(
    ("reference", "parts"),
    [
        ("postgres:18-trixie", (registry.HUB, "library/postgres", "18-trixie")),
        ("valkey/valkey:9", (registry.HUB, "valkey/valkey", "9")),
        ("caddy", (registry.HUB, "library/caddy", "latest")),
        ("ghcr.io/team/app:1.2", ("ghcr.io", "team/app", "1.2")),
        ("127.0.0.1:5000/shop:one", ("127.0.0.1:5000", "shop", "one")),
        ("localhost:5000/shop", ("localhost:5000", "shop", "latest")),
    ],
)
def test_a_reference_is_read_as_the_docker_command_reads_it(reference: str, parts: tuple[str, str, str]) -> None:
    assert registry.parts(reference) == parts
