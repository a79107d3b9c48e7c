"""Gates as steps: a store that answers, an app that is ready, the front door; each ends early where something has given up."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from functools import partial

from slipway.config.settings import Settings
from slipway.data.gates.interface import APP, PROBE, STORES, Ready
from slipway.data.verb import Nothing
from slipway.engine import Engine, Seen
from slipway.environment import Environment
from slipway.errors import GateError, HealthError, SlipwayError
from slipway.plan import Level, Progress, Step
from slipway.release.change import Change
from slipway.stack.stores import reason
from slipway.system.wait import Opened

KEPT = 'docs/operations.md, "Data that its store does not read"'
# As C, Python, Go, Java, Node and Ruby say it of themselves.
READ_ONLY = re.compile(r"read-only file system|\bEROFS\b", re.IGNORECASE)


def gate(engine: Engine, store: str, cause: str) -> Step:
    """Waits until a store answers a real request; on failure its last log lines come with the error."""

    def work(progress: Progress) -> str:
        found = run_gate(
            engine,
            store,
            GateError,
            partial(engine.inside, STORES[store], Nothing(), progress, give_up=fail_fast(engine, store, GateError)),
        )
        return f"answered at try {found.tries}"

    return Step(f"gate {store}", cause, work)


def run_gate(engine: Engine, service: str, kind: type[SlipwayError], work: Callable[[], Opened]) -> Opened:
    """Runs a gate's work; an error of it gets the exit code of `kind` and the service's last log lines."""
    try:
        return work()
    except GateError as error:
        log = error.log or (engine.log(service, 20) if service in engine.services() else ())
        raise kind(error.where, error.found, error.expected, error.next, log) from None


def fail_fast(engine: Engine, service: str, kind: type[SlipwayError]) -> Callable[[], None]:
    """A check that raises as soon as a service has given up: nobody waits a minute for what died in a second."""

    def check() -> None:
        if service in engine.services() and (how := engine.describe_crash(service)):
            log = engine.log(service, 20)
            said = reason(service, log)
            raise kind(
                f"{service} keeps crashing",
                f"{how}: {said}" if said else how,
                "a service that stays up",
                f"./invoke logs -s {service}" + (f"; its data is kept: {KEPT}" if said else ""),
                log,
            )

    return check


def stores(env: Environment, change: Change) -> Level:
    """Each store that has to prove itself, side by side."""
    return tuple(gate(env.engine, store, cause) for store, cause in change.doubtful.items())


def probe(env: Environment, colour: str, progress: Progress) -> str:
    """Asks every container of a colour directly; gives up as soon as one has crashed for good."""
    rollout, name = env.engine.rollout, f"app-{colour}"

    def probe_error(found: str, expected: str) -> HealthError:
        log = rollout.log(colour, 20)
        return HealthError(name, found, expected, f"{mend(env.settings, log)}, then ./invoke deploy{env.flag}", log)

    def raise_if_crashed() -> None:
        if how := rollout.gave_up(colour):
            raise probe_error(how, "an app that stays up")

    args = rollout.target(colour, env.settings.app_boot_timeout)
    try:
        found = env.engine.inside(PROBE, args, progress, give_up=raise_if_crashed)
    except GateError as error:
        raise probe_error(error.found, error.expected) from None
    return f"ready at try {found.tries}"


def mend(settings: Settings, log: Sequence[str]) -> str:
    """What to do about an app that fails, from its last log lines: what a read-only file system does is not its fault."""
    if settings.app_read_only and any(READ_ONLY.search(line) for line in log):
        return (
            "it writes to its file system, which is read-only: name the directory in APP_WRITABLE (memory, emptied by a "
            "restart), or set APP_READ_ONLY=false, in .env"
        )
    return "mend what its log says"


def ready(env: Environment, seen: Seen) -> Step:
    """The app as it was started in place, each of its containers asked directly where there are any."""
    engine, patience = env.engine, Ready(seconds=env.settings.app_boot_timeout, site=env.engine.site())

    def work(progress: Progress) -> str:
        if colour := engine.rollout.serving_colour():
            return probe(env, colour, progress)
        found = run_gate(
            engine,
            "app",
            HealthError,
            partial(engine.inside, APP, patience, progress, give_up=fail_fast(engine, "app", HealthError)),
        )
        return f"ready at try {found.tries}"

    return Step("gate app", "after what changed" if seen.answering else seen.last_answer or "started in this run", work)


def front_door(env: Environment) -> Step:
    """The last proof: the way that a user's request takes."""
    from slipway.system import http

    engine = env.engine

    def work(progress: Progress) -> str:
        deadline = time.monotonic() + env.settings.gate_timeout
        alive = fail_fast(engine, "gateway", HealthError)
        while not (answer := http.ask(engine.probe_url(), engine.site()))[0]:
            alive()
            if time.monotonic() > deadline:
                raise HealthError(
                    "front door",
                    f"{engine.probe_url()} answers {answer[1]}",
                    "200",
                    f"{way(env.settings)}./invoke logs -s gateway{env.flag}",
                )
            progress.say(answer[1])
            time.sleep(0.075)
        return f"200 from {engine.probe_url()}"

    return Step("front door", engine.probe_url(), work)


def way(settings: Settings) -> str:
    """What to see to where a domain does not lead here."""
    if not settings.domain:
        return ""
    if settings.on_dokploy:
        return f"see that {settings.domain} leads to the server, and that Dokploy's page has it as the stack's domain; "
    if settings.ends_tls:
        return f"see that {settings.domain} leads to this server, on ports 80 and 443; "
    return (
        f"see that {settings.domain} leads to the proxy, and the proxy to port {settings.front_port} of this server; "
    )
