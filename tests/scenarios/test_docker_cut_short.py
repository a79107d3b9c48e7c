"""A deploy that is killed or interrupted at a step: something serves all the while, and the next deploy puts it right."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.campaign import sized
from tests.support.clone import Clone
from tests.support.load.generator import load
from tests.support.releasing import another_image, at_step, cut, deployed, smoke_test
from tests.support.waiting import PATIENCE

pytestmark = [pytest.mark.scenario, pytest.mark.long]

KILL, INTERRUPT = signal.SIGKILL, signal.SIGINT
STEPS = ["record", "start app", "probe app", "switch", "drain app", "front door", "stop app"]
# Ctrl-C tidies up on the same way whatever the step, so one of them stands for all.
CUTS = [(step, KILL) for step in sized(["start app", "drain app"], STEPS)]
CUTS += [(step, INTERRUPT) for step in sized(["switch"], STEPS)]
# What a deploy has besides when there is more to it than another app.
MORE = ["build", "hook pre-deploy", "backup", "verify backup", "migrate", "hook post-migrate", "smoke test", "watch"]
WHOLE = [(step, KILL) for step in sized(["migrate"], MORE)]
WHOLE += [(step, INTERRUPT) for step in sized([], MORE)]
BEFORE_THE_RECORD = ("build", "record")


def named(cuts: list[tuple[str, signal.Signals]]) -> list[str]:
    return [f"{step}-{number.name}" for step, number in cuts]


@pytest.mark.parametrize(("step", "number"), CUTS, ids=named(CUTS))
def test_a_deploy_that_is_cut_short_at_a_step_is_put_right_by_the_next(slow: Clone, step: str, number: signal.Signals):
    with load(f"http://127.0.0.1:{slow.port}", seconds=90) as running:
        cut(slow, step, number)
        text = deployed(slow, f"after-{step}-{number.name}".replace(" ", "-"))
    # At its first step it may not have come to a record; after Ctrl-C it has undone itself.
    assert "cut short" in text or step in BEFORE_THE_RECORD or number != KILL
    assert running.result.failed == 0, running.result.failures[:5]


def test_a_deploy_that_a_pipeline_cancels_is_put_right_by_the_next_run_of_the_pipeline(slow: Clone):
    with load(f"http://127.0.0.1:{slow.port}", seconds=120) as running:
        run = at_step(slow, "probe app", APP_ENV_VERSION="cancelled")
        # As platforms do it, but with no time between them to tidy up.
        for number in (INTERRUPT, signal.SIGTERM, KILL):
            run.process.send_signal(number)
        run.process.communicate(timeout=PATIENCE)
        text = deployed(slow, "after-cancel", "--yes", "--wait", "300")
    assert run.process.returncode == -KILL and "cut short" in text
    assert running.result.failed == 0, running.result.failures[:5]


@contextmanager
def everything(slow: Clone, number: int) -> Iterator[str]:
    """The next deploy has each step there is, and a migration, of which this gives the table."""
    for name in ("pre-deploy", "post-migrate"):
        (slow.root / "hooks" / name).write_text("#!/bin/sh\ncat > /dev/null\n")
        (slow.root / "hooks" / name).chmod(0o755)
    (slow.root / "migrations" / f"{number}_cut.up.sql").write_text(f"CREATE TABLE cut_{number} (n int);\n")
    another_image(slow, f"cut {number}")
    slow.settle(BACKUP_BEFORE_MIGRATE="verify", WATCH_SECONDS="1", SMOKE_COLLECTION=smoke_test(slow, 200))
    yield f"cut_{number}"
    slow.forget("BACKUP_BEFORE_MIGRATE", "WATCH_SECONDS", "SMOKE_COLLECTION")
    for name in ("pre-deploy", "post-migrate"):
        (slow.root / "hooks" / name).unlink()


@pytest.mark.parametrize(("step", "number"), WHOLE, ids=named(WHOLE))
def test_a_deploy_that_also_backs_up_and_migrates_is_put_right_too_and_migrates_once(
    slow: Clone, step: str, number: signal.Signals
):
    version = 900 + WHOLE.index((step, number))
    with everything(slow, version) as table, load(f"http://127.0.0.1:{slow.port}", seconds=120) as running:
        cut(slow, step, number)
        text = deployed(slow, f"whole-{step}-{number.name}".replace(" ", "-"))
    assert "cut short" in text or step in BEFORE_THE_RECORD or number != KILL
    assert running.result.failed == 0, running.result.failures[:5]
    assert slow.sql(f"SELECT count(*) FROM slipway.history WHERE version = {version}") == "1"
    assert slow.sql(f"SELECT count(*) FROM {table}") == "0"
    # What was killed while it was written is in no list.
    slow.succeed("backups.verify")
