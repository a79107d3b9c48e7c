"""Where a stack runs. One interface; a verb never asks which engine it has."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from slipway.plan import Progress, Step


@dataclass(frozen=True)
class Running:
    """One service as it was found."""

    state: str                 # running, restarting, stopped, orphan
    config: str = ""           # fingerprint of what it was started with
    restarts: int = 0
    since: str = ""
    detail: str = ""           # image and container, or process id and port: for people


@dataclass(frozen=True)
class Seen:
    """What an observation found: services by name, images that exist, the data side's own observation, the front door."""

    services: Mapping[str, Running] = field(default_factory=dict)
    images: frozenset[str] = frozenset()
    data: Mapping | None = None          # None: could not be asked
    answering: bool = False
    last_answer: str = ""


@dataclass(frozen=True)
class Build:
    """An image, or a set of wheels, that must exist before services start. Those of one `level` are made side by side."""

    step: Step
    level: int = 0


class Engine(Protocol):
    """The outside: starts, replaces and observes services, and carries data work to where the data is."""

    name: str

    def services(self) -> Sequence[str]:
        """Names of the services that this engine runs for the stack, in start order."""

    def wanted(self) -> Mapping[str, str]:
        """Fingerprint that each service should have been started with."""

    def observe(self) -> Seen:
        """What runs now. Changes nothing."""

    def prepare(self, seen: Seen) -> Sequence[Build]:
        """What has to be built or installed first."""

    def start(self, names: Sequence[str], progress: Progress) -> str | None:
        """Starts or replaces these services so that they match the stack; returns when they were started."""

    def inside(self, verb: str, args: Mapping, progress: Progress, give_up: Callable[[], None] = lambda: None) -> dict:
        """Runs a verb of the data side next to the data. `give_up` is called now and then and may raise."""

    def stop(self, volumes: bool, progress: Progress) -> str | None:
        """Stops every service of the stack; removes its data too if `volumes`."""

    def log(self, service: str, lines: int) -> tuple[str, ...]:
        """The last lines of a service's log."""

    def crashed(self, service: str) -> str:
        """How a service has given up, or an empty text while there is hope."""

    def url(self) -> str:
        """The front door, as a person types it."""

    def probe_url(self) -> str:
        """The app's ready path through the front door."""

    def follow(self, service: str | None, lines: int) -> tuple[Sequence[str], Mapping[str, str] | None]:
        """Command and environment that show a log until Ctrl-C."""

    def psql(self) -> tuple[Sequence[str], Mapping[str, str] | None]:
        """Command and environment of a psql session as the role that owns the schema's data."""

    def shell(self, service: str) -> tuple[Sequence[str], Mapping[str, str] | None]:
        """Command and environment of a shell beside a service."""
