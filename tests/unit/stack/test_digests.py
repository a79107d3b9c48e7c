"""Tags with their digests: one file, renewed as a whole, and what engines are told."""

from __future__ import annotations

import json
from functools import partial

import pytest

from slipway.errors import EngineError, SettingsError
from slipway.stack import digests, model, official
from slipway.system import registry
from slipway.verbs import images_update
from tests.support.registry import digest_of, serving
from tests.unit.conftest import settings_of

ONE, TWO = b'{"one": 1}', b'{"two": 2}'


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "digests.json"
    path.write_text("{}")
    yield path
    digests.read.cache_clear()


def test_what_changed_is_told_and_the_second_run_finds_nothing(file) -> None:
    images = {"library/postgres:18": ONE, "caddy/caddy:2": TWO}
    with serving(images) as host:
        tags = [f"{host}/{name}" for name in images]
        first = images_update.update(file, tags, "2026-11-30")
        images["library/postgres:18"] = b'{"one": "newer"}'
        second = images_update.update(file, tags, "2026-12-01")
        third = images_update.update(file, tags, "2026-12-02")
    assert first == [(tags[0], "", digest_of(ONE)), (tags[1], "", digest_of(TWO))]
    assert second == [(tags[0], digest_of(ONE), digest_of(b'{"one": "newer"}'))] and third == []
    assert json.loads(file.read_text())[tags[1]] == {"digest": digest_of(TWO), "on": "2026-12-02"}


def test_where_one_registry_does_not_answer_nothing_is_written(file) -> None:
    with serving({"library/postgres:18": ONE}) as host, pytest.raises(EngineError):
        images_update.update(file, [f"{host}/library/postgres:18", f"{host}/gone:1"], "2026-11-30")
    assert file.read_text() == "{}"


@pytest.mark.parametrize("content", ["", "[]", '{"a:1": {}}', '{"a:1": {"digest": "latest", "on": "x"}}', "{"])
def test_a_file_of_another_content_is_refused_in_a_sentence(file, content) -> None:
    file.write_text(content)
    with pytest.raises(SettingsError, match="digests"):
        digests.read(file)


def test_a_pinned_tag_is_what_the_stack_runs_and_another_stays_a_tag(file, monkeypatch) -> None:
    tag = official.GATEWAY
    file.write_text(digests.text({tag: {"digest": digest_of(ONE), "on": "2026-11-30"}}))
    monkeypatch.setattr(digests, "read", partial(digests.read, file))
    stack = model.build(settings_of(images="registry"))
    assert stack["gateway"].image == f"{tag}@{digest_of(ONE)}" and "@" not in stack["redis"].image


def test_an_engine_lists_a_pinned_image_by_its_digest_alone() -> None:
    assert digests.bare("postgres:18-trixie@sha256:ab") == "postgres@sha256:ab"
    assert digests.bare("127.0.0.1:5000/shop@sha256:ab") == "127.0.0.1:5000/shop@sha256:ab"
    assert digests.bare("postgres:18-trixie") == "postgres:18-trixie"


def test_the_file_of_the_bundle_is_whole_and_pins_nothing_that_is_not_used() -> None:
    assert set(digests.read()) <= set(official.tags())
    assert {registry.parts(tag)[0] for tag in official.tags()} == {registry.HUB}
