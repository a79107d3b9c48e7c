"""Settings of any value: taken for what the documentation says of them, or refused in a clear sentence."""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import Literal, get_args, get_origin
from urllib.parse import urlsplit

from hypothesis import given
from hypothesis import strategies as st

from slipway.config import envfile
from slipway.config.types import WORDS
from slipway.errors import SettingsError
from tests.support.campaign import sized
from tests.support.fuzzing import assert_clear, fuzz

UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
# What a right value of some kinds looks like, in words of their own.
RIGHT = [
    *("8080", "0", "1", "65535", "65536", "3600", "true", "No", "ON", "512MB", "1.5GB", "16 MiB", "8KB", "2T"),
    *("docker", "embedded", "auto", "debian", "registry", "18", "external", "bundled", "verify", "drill", "off"),
    *("app.example.org", "shop", "production", "https://s3.example.org", "30 3 * * *", "/srv/backups", "/ready"),
    *("10.0.0.0/8, private", "2001:db8::/32", "files,avatars", "CHOWN,SETUID", "127.0.0.1:5432", "500ms", "5min"),
    *("postgresql://u:p@db.example.org:5432/shop", "ghcr.io/team/app:1.2", "team/slipway", "age1" + "q" * 58),
]
ODD = [
    "\0",
    "\n",
    "\r",
    "\t",
    "\x1b[31m",
    "\x7f",
    "\u2028",
    "\u00a0",
    "\ufeff",
    "\udcff",
    "٣",
    "１",
    "²",
    "é",
    "'",
    '"',
    "$",
    "\\",
    "#",
]
NUMBERS = st.one_of(
    st.integers(-(10**6), 10**6).map(str),
    st.integers(0, 6000).map(lambda digits: "9" * digits),
    st.sampled_from(
        ["1e3", "1_000", "5.0", "+5", " 5", "-0", "NaN", "inf", "0x10", "٣٣", "１２", "1²", "9" * 400 + "." + "9" * 400]
    ),
)
SIZES = st.builds(
    "{}{}{}".format,
    NUMBERS,
    st.sampled_from(["", " ", "  "]),
    st.sampled_from(["MB", "GB", "KB", "TB", "MiB", "m", "B", "PB"]),
)
MISSES = st.builds(
    lambda text, odd, place: text[: place % (len(text) + 1)] + odd + text[place % (len(text) + 1) :],
    st.sampled_from(RIGHT),
    st.sampled_from(ODD),
    st.integers(0, 40),
)
VALUES = st.one_of(
    st.sampled_from(RIGHT), MISSES, NUMBERS, SIZES, st.text(max_size=20), st.sampled_from(RIGHT).map(str.upper)
)
KEYS = sorted(envfile.KEYS)
NOWHERE = Path("/nowhere")  # no .env is there


WHOLE = [key for key in KEYS if envfile.KEYS[key].annotation is int and len(envfile.KEYS[key].metadata) == 2]


def bounds(key: str) -> tuple[int, int]:
    """Smallest and largest whole number that the documentation of a key allows."""
    found = {"ge": -(10**9), "le": 10**9}
    for each in envfile.KEYS[key].metadata:
        found |= {name: getattr(each, name) for name in found if hasattr(each, name)}
    return found["ge"], found["le"]


def number(text: str) -> int:
    """The whole number that a person reads in a text of ASCII."""
    assert text.strip().isascii(), f"{text!r} is no number that everybody reads"
    return int(Decimal(text.strip().replace("_", "")))


def size(text: str) -> int:
    digits, unit = re.fullmatch(r"([0-9.]+)\s*([KMGT])i?B?", text.strip(), re.IGNORECASE | re.ASCII).groups()
    return int(Decimal(digits) * UNITS[unit.upper()])


def assert_right(key: str, text: str, got: object) -> None:
    """What was taken is what the text says."""
    field = envfile.KEYS[key]
    if get_origin(field.annotation) is Literal:
        assert got in get_args(field.annotation) and str(got) == text
    elif isinstance(got, bool):
        assert got is WORDS[text.lower()]
    elif isinstance(got, int):
        assert got == (size(text) if re.search("[a-zA-Z]", text) else number(text))
    elif isinstance(got, tuple):
        assert list(map(str, got)) == [part.strip() for part in text.split(",") if part.strip()]
    elif isinstance(got, str):
        assert got == text and got.encode()
    else:
        assert got.get_secret_value() == text
    assert_usable(key, text)


def assert_usable(key: str, text: str) -> None:
    """What the programs that get the value would refuse is refused here."""
    assert text.encode(), "it can be written into a file"
    if key.endswith(("DATABASE_URL", "HOOK_URL", "_ENDPOINT")):
        assert urlsplit(text).hostname and urlsplit(text).port != 0
    if key.endswith("_EXPOSE"):
        assert 1 <= int(text.rpartition(":")[2]) <= 65535
    if key.endswith(("LOCK_TIMEOUT", "STATEMENT_TIMEOUT")) and text != "0":
        digits, unit = re.fullmatch("([0-9]+)(ms|s|min)", text).groups()
        assert int(digits) * {"ms": 1, "s": 1000, "min": 60_000}[unit] < 2**31
    if key == "DOMAIN":
        assert len(text) <= 253 and all(0 < len(label) <= 63 for label in text.split("."))


@fuzz()
@given(st.sampled_from(KEYS), VALUES)
def test_any_value_of_any_setting_is_taken_as_documented_or_refused_clearly(key: str, text: str):
    try:
        found = envfile.parse(NOWHERE, "local", {key: text})
    except SettingsError as error:
        assert_clear(error, *([text] if envfile.secret(key) and len(text) > 8 else []))
        return
    if text:
        assert_right(key, text, getattr(found, key.lower()))


@fuzz(sized(300, 20_000))
@given(st.sampled_from(WHOLE), st.data())
def test_every_whole_number_within_its_bounds_is_taken_and_no_other(key: str, data: st.DataObject):
    low, high = bounds(key)
    value = data.draw(st.one_of(st.integers(low, high), st.sampled_from([low, high, low - 1, high + 1])))
    try:
        found = getattr(envfile.parse(NOWHERE, "local", {key: str(value)}), key.lower())
    except SettingsError as error:
        assert_clear(error)
        found = None
    assert found == (value if low <= value <= high else None)
