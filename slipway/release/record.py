"""The record of a release while it is made: opened, closed, and what is known of it before it starts."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from slipway.engine import Engine
from slipway.engine import lock as holder
from slipway.environment import Environment
from slipway.errors import SlipwayError
from slipway.ops.interface import BEGIN, CLOSE, Begin, Close, Tally
from slipway.plan import Level, Progress, Silent, Step
from slipway.release import answers
from slipway.release.change import Change
from slipway.system import git, redact


@dataclass
class Record:
    """One release, kept at the data side as soon as it is opened."""

    env: Environment
    kind: str  # up, deploy, rollback
    facts: dict[str, Any] = field(default_factory=dict)
    again: bool = False  # a record even if the last good release was the same
    hooked: bool = False  # whether hooks are run for it
    content: Mapping = field(default_factory=dict)
    new: bool = False
    backup: str = ""  # that was taken before its migrations
    migrated: int = 0  # how many migrations it applied
    counted: Tally | None = None  # what the gateway had counted before them
    felt: Tally | None = None  # what the release before answered from then until it was replaced
    result: str = "failed"  # what becomes of it if it ends now
    seconds: Mapping[str, float] = field(default_factory=dict)  # of each step
    begun: float = field(default_factory=time.monotonic)

    @property
    def engine(self) -> Engine:
        return self.env.engine

    def step(self, change: Change) -> Level:
        """The step that opens it; none where the change makes no release of its own."""
        return (Step("record", "who, what, when", self.open),) if change.is_release else ()

    def open(self, progress: Progress) -> str:
        found = self.engine.inside(BEGIN, Begin(redact.mask_data(dict(self.facts)), self.again), progress)
        self.content, self.new = found.record, found.new
        return self.content["id"] if self.new else f"{self.content['id']} again"

    def begin_count(self) -> None:
        """Before migrations: the release that serves goes on, on a schema that it was not deployed with."""
        self.counted = answers.count(self.engine)

    def end_count(self) -> None:
        """As soon as that release serves no more, or at the end where it goes on."""
        if self.counted and not self.felt and (now := answers.count(self.engine)):
            self.felt = answers.since(self.counted, now)

    def close(self, result: str, seconds: Mapping[str, float], error: SlipwayError | None = None) -> Sequence[str]:
        """Ends the record and returns the images that nobody can go back to any more."""
        self.result, self.seconds = result, seconds
        self.end_count()
        if not self.new:
            return []
        facts = {
            "result": result,
            "steps": dict(seconds),
            "seconds": round(time.monotonic() - self.begun, 3),
            "error": redact.mask_data(error.fields()) if error else None,
            **({"backup": self.backup} if self.backup else {}),
            **self.since_migration(),
        }
        args = Close(self.content["id"], facts, self.env.settings.keep_releases)
        ended = self.engine.inside(CLOSE, args, Silent())
        self.content = ended.record
        return ended.images

    def since_migration(self) -> dict[str, Mapping[str, int]]:
        """The fact of what was answered from the migrations on; none where it was not counted."""
        return {"since_migration": asdict(self.felt)} if self.felt else {}


def describe(env: Environment, image: str, kind: str, colour: str = "") -> dict:
    """What is known of a release before it starts."""
    rollout, me = env.engine.rollout, holder.me(kind)
    return {
        "kind": kind,
        "stack": env.stack.name,
        "environment": env.settings.environment,
        "colour": colour,
        "image": image,
        **rollout.about(image),
        "revision": git.of(env.root),
        "by": me.by,
        "host": me.host,
        "config": rollout.mark(image),
    }
