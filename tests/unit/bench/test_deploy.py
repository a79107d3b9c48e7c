"""A benchmark of deploys that did not see them is no result, however good its numbers are."""

from __future__ import annotations

import time

import pytest

from bench import deploy
from slipway.errors import VerificationError
from tests.support.load.generator import Failure, Result, Sample


def result(turns: int, failures: tuple[Failure, ...] = ()) -> Result:
    samples = tuple(Sample(at, 2, "fast", 200) for at in range(60))
    return Result(samples, failures, 60, tuple(float(20 + turn) for turn in range(turns)))


@pytest.mark.parametrize("turns", [0, 2])
def test_a_load_that_saw_fewer_switches_than_there_were_deploys_is_refused(turns):
    with pytest.raises(VerificationError) as refused:
        deploy.seen(result(turns), 3)
    assert refused.value.found == f"{turns} switches seen in 3 deploys" and refused.value.next


@pytest.mark.parametrize("turns", [3, 4])
def test_a_load_that_saw_every_switch_is_measured(turns):
    assert deploy.added(deploy.seen(result(turns), 3)).ours == 0


def test_a_load_that_was_over_before_the_deploys_is_refused(monkeypatch):
    class Over:
        lasted, result = False, result(3)

        def __enter__(self):
            return self

        def __exit__(self, *error):
            return None

    monkeypatch.setattr(deploy, "load", lambda *words, **more: Over())
    monkeypatch.setattr(time, "sleep", lambda seconds: None)
    with pytest.raises(VerificationError, match="over after 60 s"):
        deploy.under_load("http://127.0.0.1:1", 3, lambda number: None)
