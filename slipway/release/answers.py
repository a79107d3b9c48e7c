"""What the app has answered, by the gateway's counts: since when, how much of it failed, and whether that is too much."""

from __future__ import annotations

from slipway.data.verb import Nothing
from slipway.engine import Engine
from slipway.errors import EngineError
from slipway.ops.interface import ACTIVE, TALLY, Tally
from slipway.plan import Silent

LEAST_FAILED = 3  # 5xx: fewer may be one bad request of anybody
LEAST_ANSWERS = 10  # of fewer, more than half must have failed
FEW = 50  # percent


def count(engine: Engine) -> Tally | None:
    """The counts so far; None where no gateway says them, which is no reason for a release to fail."""
    if not engine.rollout.beside:
        return None
    try:
        up = engine.inside(ACTIVE, Nothing(), Silent()).up
        return engine.inside(TALLY, Nothing(), Silent()) if up else None
    except EngineError:
        return None


def since(before: Tally, now: Tally) -> Tally:
    """What came between; a gateway that was started anew meanwhile counts from nothing."""
    if now.answers < before.answers or now.unanswered < before.unanswered:
        before = Tally(0, 0, 0)
    return Tally(now.answers - before.answers, max(0, now.failed - before.failed), now.unanswered - before.unanswered)


def too_many_failed(found: Tally, allowed: int) -> bool:
    """Whether the app's own 5xx are more than `allowed` percent of its answers, and enough to be no accident."""
    limit = allowed if found.answers >= LEAST_ANSWERS else max(allowed, FEW)
    return found.failed >= LEAST_FAILED and found.failed * 100 > found.answers * limit


def describe(found: Tally) -> str:
    own = f", {found.unanswered} requests without an answer of the app" if found.unanswered else ""
    return f"{found.answers} answers, {found.failed} of them 5xx{own}"
