"""Which backups stay: a table of cases, and what holds for any backups, rules and clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.data.backups.policy import Keep
from slipway.data.backups.retention import SKEW, Backup, choose_kept

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
NONE = Keep(last=1, daily=0, weekly=0, monthly=0)


def made(*days_ago: float, proven: tuple[float, ...] = (), parts=("database", "objects")) -> list[Backup]:
    return [Backup(f"{days:g}", NOW - timedelta(days=days), days in proven, parts) for days in days_ago]


@pytest.mark.parametrize(
    ("backups", "keep", "stay"),
    [
        ([], Keep(), {}),
        (made(1, 2, 3), NONE, {"1": "the newest"}),
        (made(1, 2, 3, proven=(2, 3)), NONE, {"1": "the newest", "2": "the last proven"}),
        (made(1, 2, 3), Keep(2, 0, 0, 0), {"1": "the newest", "2": "one of the last"}),
        (made(0.1, 0.2, 1.1, 1.2, 2.1), Keep(1, 2, 0, 0), {"0.1": "the newest", "1.1": "daily"}),
        (made(1, 8, 9, 15, 40), Keep(1, 0, 2, 0), {"1": "the newest", "8": "weekly"}),
        (made(1, 26, 40, 70), Keep(1, 0, 0, 3), {"1": "the newest", "26": "monthly", "70": "monthly"}),
        (made(1, 2, 9), Keep(1, 0, 0, 0, days=5), {"1": "the newest", "2": "young"}),
        (made(40, 50, 60, proven=(60,)), Keep(9, 9, 9, 9, max_days=30), {"40": "the newest", "60": "the last proven"}),
        (made(-2, 1, 2), NONE, {"-2": "dated in the future", "1": "the newest"}),
        (made(1, parts=("objects",)) + made(2, 3), NONE, {"1": "the newest", "2": "the newest"}),
    ],
)
def test_each_stays_for_its_reason(backups, keep, stay):
    assert choose_kept(backups, keep, NOW) == stay


days = st.floats(-3, 400, allow_nan=False)
several = st.lists(
    st.builds(
        lambda at, proven, parts: (at, proven, parts),
        days,
        st.booleans(),
        st.sampled_from([("database", "objects"), ("database",), ("objects",)]),
    ),
    max_size=40,
)
rules = st.builds(
    Keep,
    st.integers(1, 9),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 9),
    st.integers(0, 30),
    st.integers(0, 90),
)


@given(several, rules)
def test_for_any_backups_and_rules_nothing_that_matters_goes(facts, keep):
    backups = [
        Backup(f"{number}", NOW - timedelta(days=at), proven, parts) for number, (at, proven, parts) in enumerate(facts)
    ]
    stay = choose_kept(backups, keep, NOW)
    for parts in {each.parts for each in backups}:
        alike = [each for each in backups if each.parts == parts]
        assert any(each.id in stay for each in alike)
        past = [each for each in alike if each.at <= NOW + SKEW]
        assert not past or max(past, key=lambda each: (each.at, each.id)).id in stay
        proven = [each for each in past if each.proven]
        assert not proven or max(proven, key=lambda each: (each.at, each.id)).id in stay
    assert set(stay) <= {each.id for each in backups}
    assert choose_kept([each for each in backups if each.id in stay], keep, NOW).keys() == stay.keys(), (
        "a second prune finds work"
    )


@given(several, rules)
def test_counts_bound_what_stays(facts, keep):
    backups = [
        Backup(f"{number}", NOW - timedelta(days=abs(at)), proven) for number, (at, proven, _) in enumerate(facts)
    ]
    stay = choose_kept(backups, keep, NOW)
    young = sum(NOW - each.at < timedelta(days=keep.days) for each in backups)
    assert len(stay) <= 2 + keep.last + keep.daily + keep.weekly + keep.monthly + young
