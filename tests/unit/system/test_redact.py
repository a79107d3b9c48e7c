"""A secret is hidden in every form in which a message or a log can hold it, and nothing else is."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.config.credentials import masker_of
from slipway.system.redact import MASK, Masker, hide_userinfo
from tests.unit.conftest import SECRETS, settings_of

AWKWARD = "p@ss/w\"ö\\rd'%+"
TEXTS = st.text(min_size=4, max_size=30).filter(lambda text: not set(text) & {*MASK})


@pytest.mark.parametrize(
    "spelt",
    [
        AWKWARD,
        quote(AWKWARD, safe=""),
        quote(AWKWARD),
        re.sub("%..", lambda found: found[0].lower(), quote(AWKWARD, safe="")),
        json.dumps(AWKWARD)[1:-1],
        json.dumps(AWKWARD, ensure_ascii=False)[1:-1],
        repr(AWKWARD)[1:-1],
    ],
)
def test_each_spelling_is_hidden_whole(spelt: str) -> None:
    assert Masker([AWKWARD]).text(f"<{spelt}>") == f"<{MASK}>"


@given(TEXTS)
def test_any_secret_is_hidden_in_text_json_and_a_url(secret: str) -> None:
    masker = Masker([secret])
    for spelt in (
        secret,
        json.dumps(secret)[1:-1],
        json.dumps(secret, ensure_ascii=False)[1:-1],
        quote(secret, safe=""),
    ):
        assert masker.text(spelt) == MASK


@given(TEXTS, TEXTS)
def test_a_secret_that_is_part_of_another_leaves_none_of_it_standing(one: str, other: str) -> None:
    assert Masker([one, one + other]).text(one + other) == MASK


@pytest.mark.parametrize(
    ("secret", "text", "shown"),
    [
        ("postgresql://me:p%40ss@db/shop", "for me: p@ss refused", f"for me: {MASK} refused"),
        ("postgresql://me:p%40ss@db/shop", "database shop is gone", "database shop is gone"),
        ("postgresql://postgres:postgres@db/shop", "gate postgres", "gate postgres"),
        ("https://hooks.example.org/T000/B000/XXXX", "POST /T000/B000/XXXX", f"POST /{MASK}"),
        ("first line\nsecond line", "log: second line", f"log: {MASK}"),
        ("abc", "abc", "abc"),
        ("", "nothing", "nothing"),
    ],
)
def test_parts_of_a_secret_that_are_secret_alone(secret: str, text: str, shown: str) -> None:
    assert Masker([secret]).text(text) == shown


def test_plain_data_keeps_its_shape() -> None:
    data = {"error": {"log": ["a 5ecreT", "b"], "code": 6}, "5ecreT": (None, "x")}
    assert Masker(["5ecreT"]).data(data) == {"error": {"log": [f"a {MASK}", "b"], "code": 6}, "5ecreT": [None, "x"]}


def test_every_secret_of_the_settings_is_hidden() -> None:
    hide = masker_of(settings_of(hook_url="https://hooks.example.org/services/T0/B0")).text
    for secret in (*SECRETS.values(), "https://hooks.example.org/services/T0/B0"):
        assert hide(f"<{secret}>") == f"<{MASK}>"


@pytest.mark.parametrize(
    ("key", "value", "hidden"),
    [
        ("STRIPE_KEY", "sesame", True),
        ("SMTP", "smtp://me:open-sesame@mail", True),
        ("LICENCE", "A1B2-C3D4", True),
        ("LOG_LEVEL", "info", False),
        ("NODE_ENV", "production", False),
        ("PUBLIC_URL", "https://shop.example.com", False),
        ("PORT", "8080", False),
    ],
)
def test_of_the_apps_own_environment_what_may_be_a_secret(key: str, value: str, hidden: bool) -> None:
    assert (masker_of(settings_of(app_env={key: value})).text(value) == MASK) is hidden


@pytest.mark.parametrize("url", ["https://me:open-sesame@example.org/x", "redis://:pass@host", "scheme://token@host"])
def test_no_url_shows_who_asks(url: str) -> None:
    scheme, _, rest = url.partition("://")
    assert hide_userinfo(url) == f"{scheme}://{MASK}@{rest.partition('@')[2]}"
