"""What can be asked of the gates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slipway.data.verb import Nothing, Verb
from slipway.stack import stores
from slipway.system.wait import Opened


@dataclass(frozen=True)
class ObjectsOpened(Opened):
    """The bucket that was used; none where there is none yet."""

    bucket: str


@dataclass(frozen=True)
class Ready:
    """Wait for the app at this address, by default APP_URL, for so many seconds, by default GATE_TIMEOUT.

    It is asked as `site`, the address that users type; by default as the one that is connected to.
    """

    url: str | None = None
    seconds: float | None = None
    site: str = ""


@dataclass(frozen=True)
class AppOpened(Opened):
    """The address that answered."""

    url: str


@dataclass(frozen=True)
class Probe:
    """Ask each of the `count` addresses of a host, as `site`, for `timeout` seconds at most."""

    host: str
    port: int
    count: int
    timeout: float
    site: str = ""


@dataclass(frozen=True)
class Troubles:
    """What is wrong with stores that answer, by their names."""

    stores: Mapping[str, str]


TROUBLE = Verb("stores.trouble", "slipway.data.gates.trouble:look", Nothing, Troubles)
APP = Verb("gate.app", "slipway.data.gates.app:gate", Ready, AppOpened)
PROBE = Verb("probe.app", "slipway.data.gates.probe:app", Probe, Opened)
STORES: dict[str, Verb[Nothing, Opened]] = {
    name: Verb(f"gate.{name}", f"slipway.data.gates.{name}:gate", Nothing, Opened) for name in stores.NAMES
}
