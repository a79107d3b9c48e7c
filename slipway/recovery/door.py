"""The front door closed while the data under the app is replaced, and opened again whatever happens."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from slipway.data.verb import Nothing
from slipway.engine import Seen
from slipway.environment import Environment
from slipway.errors import SlipwayError
from slipway.ops.interface import MAINTENANCE, MAINTENANCE_OFF, MAINTENANCE_ON, Message, Page
from slipway.plan import Plan, Progress, Silent, Step, apply
from slipway.system.process import end_all

MESSAGE = "We are restoring this service from a backup. It will be back soon."


@contextmanager
def keep_door_closed(env: Environment, seen: Seen, reporter) -> Iterator[None]:
    """Keeps the front door closed while the block runs: maintenance where there is a gateway, else the app stopped.

    One that somebody had closed stays closed; one that a killed restore left closed is opened in the end.
    """
    engine = env.engine
    gateway = "gateway" in engine.services()
    before = engine.inside(MAINTENANCE, Nothing(), Silent()) if gateway else Page(False, "")
    if before.on and before.message != MESSAGE:
        reporter.line(f"The front door is closed for maintenance, and stays so: ./invoke maintenance off{env.flag}")
        yield
        return
    if not gateway and seen.services.get("app") is None:
        yield
        return
    try:
        apply(Plan(((close_step(env, gateway),),)), reporter, end_all)
        yield
    except SlipwayError as error:
        try:
            apply(Plan(((open_step(env, gateway),),)), reporter, end_all)
        except SlipwayError as worse:
            error.found += f"; and the app could not be brought back: {worse}"
        raise
    apply(Plan(((open_step(env, gateway),),)), reporter, end_all)


def close_step(env: Environment, gateway: bool) -> Step:
    def work(progress: Progress) -> str:
        if gateway:
            env.engine.inside(MAINTENANCE_ON, Message(MESSAGE), progress)
            return "503 with a page"
        env.engine.halt("app", progress)
        return "the app is stopped"

    return Step("close the front door", "nobody writes meanwhile", work)


def open_step(env: Environment, gateway: bool) -> Step:
    def work(progress: Progress) -> str:
        if gateway:
            env.engine.inside(MAINTENANCE_OFF, Nothing(), progress)
            return "the app answers again"
        env.engine.start(["app"], progress)
        return "the app is started"

    return Step("open the front door", "", work)
