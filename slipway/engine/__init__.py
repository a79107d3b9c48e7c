"""Where a stack runs. One interface; a verb never asks which engine it has."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from slipway.data.gates.interface import Probe
from slipway.data.verb import A, R, Verb
from slipway.engine.lock import Holder
from slipway.ops.interface import Observed
from slipway.plan import Progress, Step
from slipway.stack.images import Image


@dataclass(frozen=True)
class Running:
    """One service as it was found."""

    state: str  # running, scaled (it serves, with other than the wanted containers), restarting, stopped, orphan
    config: str = ""  # fingerprint of what it was started with
    restarts: int = 0
    since: str = ""
    detail: str = ""  # image and container, or process id and port: for people


@dataclass(frozen=True)
class Seen:
    """What an observation found: services by name, images that exist, the data side's own observation, the front door."""

    services: Mapping[str, Running] = field(default_factory=dict)
    images: frozenset[str] = frozenset()
    data: Observed | None = None  # None: could not be asked
    answering: bool = False
    last_answer: str = ""
    colour: str = ""  # of the app's two, the one that serves
    idle_running: bool = False  # the other one has containers too: left by a deploy that was cut short
    routed_to: str = ""  # the colour that the gateway sends requests to
    gateway_up: bool = False  # the gateway answers
    front: Mapping = field(
        default_factory=dict
    )  # the configuration that the gateway runs; empty: not known, or in doubt


@dataclass(frozen=True)
class Finding:
    """One check: what it looked at, what it found, and what mends it if something must be mended."""

    subject: str
    found: str
    mend: str = ""


@dataclass(frozen=True)
class Build:
    """An image, or a set of wheels, that must exist before services start. Those of one `level` are made side by side."""

    step: Step
    level: int = 0


class Rollout(Protocol):
    """How an engine brings a release: beside the one that serves (colours are blue and green), or in its place."""

    beside: bool  # whether it can start beside the one that serves
    notice: str  # what people have to know before a deploy by it; usually empty

    def front(self) -> str: ...

    def serving_colour(self) -> str: ...

    def start(self, colour: str, image: str, progress: Progress) -> None: ...

    def target(self, colour: str, patience: float) -> Probe: ...

    def gave_up(self, colour: str) -> str: ...

    def restarts(self, colour: str) -> int: ...

    def log(self, colour: str, lines: int) -> tuple[str, ...]: ...

    def retire(self, colour: str, progress: Progress) -> str: ...

    def image(self) -> str: ...

    def image_id(self, image: str) -> str: ...

    def about(self, image: str) -> dict: ...

    def pull(self, image: str, progress: Progress) -> None: ...

    def mark(self, image: str) -> str: ...

    def drop(self, images: Sequence[str]) -> list[str]: ...


class Engine(Protocol):
    """The outside: starts, replaces and observes services, and carries data work to where the data is."""

    name: str
    rollout: Rollout
    built_images: Mapping[str, Image]  # those that are built here, by name; none where services need no image

    def refuse_other_owner(self) -> None:
        """Raises SettingsError where what goes by this stack's name belongs to another."""

    def services(self) -> Sequence[str]:
        """Names of the services that this engine runs for the stack, in start order."""

    def wanted_fingerprints(self) -> Mapping[str, str]:
        """Fingerprint that each service should have been started with."""

    def observe(self, data: bool = True) -> Seen:
        """What runs now. Changes nothing. Without `data` at once: the data side is not asked, only told to get ready."""

    def changes(self, names: Sequence[str]) -> Mapping[str, Sequence[str]]:
        """How services that run differ from what is wanted, in words without secrets; empty where that is not known."""

    def prepare(self, seen: Seen) -> Sequence[Build]:
        """What has to be built or installed first."""

    def build(self, image: Image, progress: Progress, anew: bool = False) -> None:
        """Builds one of `built_images`; `anew` without what earlier builds have kept."""

    def start(self, names: Sequence[str], progress: Progress) -> str | None:
        """Starts or replaces these services so that they match the stack; returns when they were started."""

    def inside(self, verb: Verb[A, R], args: A, progress: Progress, give_up: Callable[[], None] = lambda: None) -> R:
        """Runs a verb of the data side next to the data. `give_up` is called now and then and may raise."""

    def halt(self, service: str, progress: Progress) -> str | None:
        """Stops one service and leaves it to `start`."""

    def deliver_backup(self, folder: Path, progress: Progress) -> AbstractContextManager[str]:
        """A backup's directory where the data side can read it while the block runs, as the data side names it."""

    def deliver_tree(self, folder: Path, progress: Progress) -> AbstractContextManager[str]:
        """A directory of this machine where the data side can read it while the block runs, as the data side names it."""

    def deliver_files(self, folder: Path, progress: Progress) -> AbstractContextManager[str]:
        """The same for the files right in a directory that is small and holds no secret."""

    def holdings(self) -> Sequence[str]:
        """What holds the stack's data, as people can find it."""

    def stop(self, volumes: bool, progress: Progress) -> str | None:
        """Stops every service of the stack; removes its data too if `volumes`."""

    def log(self, service: str, lines: int) -> tuple[str, ...]:
        """The last lines of a service's log."""

    def describe_crash(self, service: str) -> str:
        """How a service has given up, or an empty text while there is hope."""

    def url(self) -> str:
        """The front door, as a person types it."""

    def checks(self, flag: str) -> Sequence[Callable[[], Iterator[Finding]]]:
        """What `doctor` looks at on this engine; `flag` names the environment on a command line."""

    def hold_lock(self, doing: str, wait: float, flag: str) -> AbstractContextManager[Callable[[], None]]:
        """Holds the stack's lock, for everybody who can reach this engine. Raises LockHeld after `wait` seconds.

        What it gives raises LockLost when the lock is not held any more: a process that was stopped is not heard.
        """

    def holder(self) -> Holder | None:
        """Who holds the stack's lock."""

    def unlock(self) -> None:
        """Breaks the stack's lock."""

    def site(self) -> str:
        """The address as which the app is asked, wherever a request goes: whoever probes it asks as users do."""

    def probe_url(self) -> str:
        """The app's ready path through the front door."""

    def follow(self, service: str | None, lines: int) -> tuple[Sequence[str], Mapping[str, str] | None]:
        """Command and environment that show a log until Ctrl-C."""

    def module(self, name: str, *words: str) -> tuple[Sequence[str], Mapping[str, str] | None]:
        """Command and environment that run a module of the data side next to the data, its bytes handed through."""

    def psql(self) -> tuple[Sequence[str], Mapping[str, str] | None]:
        """Command and environment of a psql session as the role that owns the schema's data."""

    def shell(self, service: str) -> tuple[Sequence[str], Mapping[str, str] | None]:
        """Command and environment of a shell beside a service."""
