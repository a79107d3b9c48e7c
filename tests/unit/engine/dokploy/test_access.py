"""What no API of Dokploy carries is refused with what to type on the server, and the pages tell the same."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from slipway.data.offsite.interface import FETCH
from slipway.engine.dokploy import engine, inside
from slipway.engine.dokploy.engine import OnDokploy
from slipway.environment import ROOT
from slipway.errors import SettingsError
from slipway.plan import Silent
from slipway.stack import model
from tests.support.dokploy.server import served
from tests.unit.conftest import settings_of

CALLS: dict[str, Callable[[OnDokploy], object]] = {
    "psql": lambda stack: stack.psql(),
    "shell": lambda stack: stack.shell("app-green"),
    "dump": lambda stack: stack.module("slipway.ops.streaming", "sql"),
    "backups.get": lambda stack: stack.module("slipway.ops.streaming", "backup", "ID"),
    "restore --from-dir": lambda stack: stack.deliver_backup(Path("/srv/copies/ID"), Silent()),
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[OnDokploy]:
    with served(tmp_path_factory.mktemp("server")) as server:
        given = {"environment": "production", "engine": "dokploy", "domain": "shop.example.org"}
        key = {"dokploy_url": server.url, "dokploy_api_key": server.key()}
        made = engine.connect(model.build(settings_of(**given | key)), ROOT, {})
        made.ensure()
        yield made


@pytest.mark.parametrize("call", CALLS)
def test_what_the_api_does_not_carry_is_refused_with_the_command_that_the_pages_tell_too(stack: OnDokploy, call: str):
    with pytest.raises(SettingsError) as error:
        CALLS[call](stack)
    command = error.value.next.removeprefix("ssh there, then: ").split(";")[0]
    plain = command.replace(stack.service().app_name, "APP")
    assert plain.startswith("docker exec -i") and " APP-" in plain
    for page in ("docs/dokploy.md", "docs/dokploy.ru.md"):
        assert plain.replace("APP-app-green-1", "APP-app-blue-1") in (ROOT / page).read_text()


def test_a_verb_with_a_secret_is_refused_and_its_secret_is_sent_nowhere(stack: OnDokploy):
    with pytest.raises(SettingsError) as error:
        inside.run(stack.client, stack.service(), FETCH, FETCH.takes("ID", "5ecreT-identity"), Silent(), lambda: None)
    assert "ENGINE=docker" in error.value.next and "5ecreT" not in str(error.value)
    assert not stack.client.schedules(stack.service())
