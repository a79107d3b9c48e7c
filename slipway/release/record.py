"""The record of a release while it is made: a reporter that also writes down how long each step took."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from slipway.engine import Engine
from slipway.engine import lock as holder
from slipway.environment import World
from slipway.errors import Interrupted, SlipwayError
from slipway.plan import Progress, Reporter, Silent, Step
from slipway.system import git


@dataclass
class Recorder:
    """Passes on what the executor tells, and keeps the release's record at the data side."""

    world: World
    reporter: Reporter
    facts: dict[str, Any]
    again: bool = False  # a record even if the last good release was the same
    record: dict = field(default_factory=dict)
    new: bool = False
    backup: str = ""  # that was taken before its migrations
    switched: bool = False
    hooked: bool = False  # whether hooks are run for it
    entered: set[str] = field(default_factory=set)
    seconds: dict[str, float] = field(default_factory=dict)
    begun: float = field(default_factory=time.monotonic)

    # -- what the executor tells ---------------------------------------------------------------------------------

    def started(self, step: Step) -> Progress:
        self.entered.add(step.name)
        return self.reporter.started(step)

    def finished(self, step: Step, seconds: float, remark: str | None) -> None:
        self.seconds[step.name] = round(seconds, 3)
        self.reporter.finished(step, seconds, remark)

    def failed(self, step: Step, seconds: float, error: BaseException) -> None:
        self.seconds[step.name] = round(seconds, 3)
        self.reporter.failed(step, seconds, error)

    # -- the record ----------------------------------------------------------------------------------------------

    @property
    def engine(self) -> Engine:
        return self.world.engine

    def open(self, progress: Progress) -> str:
        found = self.engine.inside("releases.begin", {"record": dict(self.facts), "again": self.again}, progress)
        self.record, self.new = found["record"], found["new"]
        return self.record["id"] if self.new else f"{self.record['id']} again"

    def close(self, result: str, error: SlipwayError | None = None) -> list[str]:
        """Ends the record and returns the images that nobody can go back to any more."""
        if not self.new:
            return []
        facts = {
            "result": result,
            "steps": self.seconds,
            "seconds": round(time.monotonic() - self.begun, 3),
            "error": error.fields() if error else None,
            **({"backup": self.backup} if self.backup else {}),
        }
        ended = self.engine.inside(
            "releases.close",
            {"id": self.record["id"], "facts": facts, "keep": self.world.settings.keep_releases},
            Silent(),
        )
        self.record = ended["record"]
        return ended["images"]

    def result_of(self, error: SlipwayError) -> str:
        if isinstance(error, Interrupted):
            return "interrupted"
        return "rolled_back" if self.switched else "failed"


def facts(world: World, image: str, kind: str) -> dict:
    """What is known of a release before it starts."""
    rollout, me = world.engine.rollout, holder.me(kind)
    return {
        "kind": kind,
        "stack": world.stack.name,
        "environment": world.settings.environment,
        "colour": "",
        "image": image,
        **(rollout.about(image) if rollout else {}),
        "revision": git.of(world.root),
        "by": me.by,
        "host": me.host,
        "config": rollout.mark(image) if rollout else world.engine.wanted()["app"],
    }
