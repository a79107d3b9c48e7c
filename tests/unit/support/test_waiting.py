"""How often a test that waits asks for the state."""

from __future__ import annotations

import pytest

from tests.support.waiting import rest, until


@pytest.mark.parametrize(
    ("took", "rests"),
    [
        (0.0, 0.02),
        (0.02, 0.02),
        (0.12, 0.12),
        (5.0, 0.25),
    ],
)
def test_between_two_questions_it_rests_as_long_as_an_answer_takes_within_bounds(took: float, rests: float):
    assert rest(took) == rests


def test_the_first_true_value_is_what_it_returns():
    values = iter([0, "", None, 7, 8])
    assert until(lambda: next(values), "seven") == 7
