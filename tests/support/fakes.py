"""An engine, a stack and an observation as plain data, for the plans of what would be done with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from slipway.data import wire
from slipway.data.verb import A, R, Verb
from slipway.engine import Build, Running, Seen
from slipway.engine.in_place import InPlace
from slipway.environment import Environment
from slipway.ops.interface import Observed
from slipway.plan import Plan
from slipway.release import plans
from slipway.release.change import compare
from slipway.release.record import Record
from slipway.stack import model
from tests.unit.conftest import settings_of

SERVICES = ("postgres", "redis", "objects", "ops", "app", "gateway")


@dataclass(frozen=True)
class Machine:
    """What a plan reads of an engine, as plain data."""

    names: Sequence[str] = SERVICES
    builds: Sequence[Build] = ()
    name: str = "data"
    rollout: object = field(default_factory=lambda: InPlace(None))

    def services(self) -> Sequence[str]:
        return self.names

    def wanted_fingerprints(self) -> Mapping[str, str]:
        return {name: f"{name} 1" for name in self.names}

    def prepare(self, seen: Seen) -> Sequence[Build]:
        return self.builds

    def start(self, names, progress) -> None:
        raise AssertionError("planning starts nothing")

    inside = stop = log = start

    def site(self) -> str:
        return "http://localhost:8080"

    def probe_url(self) -> str:
        return "http://127.0.0.1:8080/ready"


DATA = {
    "postgres": {"reachable": True, "reason": "", "server_version": "18.1"},
    "applied": {"1": "aa"},
    "pending": [],
    "problems": [],
    "fixtures_pending": [],
    "current": {"roles": True, "objects": True, "archive": True},
    "records": {},
    "archive": {},
    "gateway": {"active": "", "up": False, "reason": "no gateway", "config": {}},
    "releases": {"newest": None, "good": None},
    "room": 2**40,
}
OPENED = {"gate": "app", "ms": 1, "tries": 1}
# What the verbs say where nobody says otherwise.
ANSWERS = {
    "gate.postgres": OPENED,
    "gate.redis": OPENED,
    "gate.objects": OPENED | {"bucket": "files"},
    "gate.app": OPENED | {"url": "http://app:8000/ready"},
    "probe.app": OPENED,
    "roles": {"database": "app", "changed": [], "notes": []},
    "buckets": {"created": [], "features": {}, "canary": "kept", "ms": 1},
    "migrate": {"applied": [], "version": None},
    "fixtures": {"loaded": [], "kept": 0},
    "gateway.active": {"active": "blue", "up": True, "reason": "", "config": {}},
    "gateway.tally": {"answers": 0, "failed": 0, "unanswered": 0},
    "gateway.switch": {"ms": 1},
    "gateway.drain": {"seconds": 0.1, "left": 0},
    "releases.begin": {"record": {"id": "r0001-abc"}, "new": True},
    "releases.close": {"record": {}, "images": []},
    "releases.gap": {"reason": "", "migrations": [], "backup": None},
}


def env(engine: Machine = Machine(), **values) -> Environment:
    settings = settings_of(**values)
    return Environment(Path("/"), settings.environment, settings, model.build(settings), engine, "")


def observed(**change: object) -> Observed:
    """What the data side says when all is well, but for this; both as on the wire."""
    return wire.decode(Observed, DATA | change)


def answer(verb: Verb[A, R], told: Mapping) -> R:
    """What the wire would make of this answer."""
    return wire.decode(verb.gives, ANSWERS.get(verb.name, {}) | dict(told))


def seen(change: Mapping[str, Running | None], data: Mapping | None = DATA, **facts) -> Seen:
    """What is seen when all is up but for these services; None takes one away."""
    services = {name: running for name, running in (UP.services | change).items() if running}
    return replace(UP, services=services, data=None if data is None else observed(**data), **facts)


UP = Seen(
    {name: Running("running", f"{name} 1") for name in SERVICES}, data=observed(), answering=True, last_answer="200"
)


def gone(*names: str) -> dict[str, None]:
    return dict.fromkeys(names)


def up(here: Environment, found: Seen) -> Plan:
    """The plan of `up` for what was seen."""
    return plans.up(here, found, compare(here, found), Record(here, "up"))


def deploy(here: Environment, found: Seen) -> Plan:
    return plans.deploy(here, found, compare(here, found), Record(here, "deploy"))
