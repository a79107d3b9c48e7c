"""An app that is stopped for a while comes back to its front door: no other stack takes it meanwhile."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.engine.embedded import ports, supervisor
from slipway.engine.embedded.engine import Embedded
from slipway.plan import Silent
from slipway.stack import model
from tests.unit.conftest import settings_of


@pytest.mark.parametrize(("service", "held"), [("app", True), ("postgres", False)])
def test_the_front_door_of_an_app_that_is_halted_is_held(tmp_path: Path, monkeypatch, service: str, held: bool):
    monkeypatch.setattr(supervisor, "stop", lambda home, name: None)
    engine = Embedded(model.build(settings_of()), tmp_path)
    # One that found its app running, and chose nothing.
    engine.__dict__["ports"] = {"app": ports.unused()}
    monkeypatch.setattr(ports, "CLAIMS", {})
    engine.halt(service, Silent())
    assert (engine.ports["app"] in ports.CLAIMS) == held
    for each in ports.CLAIMS.values():
        each.close()
