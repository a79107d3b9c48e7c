"""The backend's environment: table of input and sentence."""

from __future__ import annotations

import pytest
from backend.settings import REQUIRED, SettingsError, read

COMPLETE = {
    "DATABASE_URL": "postgresql://app:p%40ss@db:5432/shop",
    "REDIS_URL": "redis://:hush@cache:6379/0",
    "S3_ENDPOINT": "http://store:9000",
    "S3_ACCESS_KEY": "key-id",
    "S3_SECRET_KEY": "very-secret",
    "S3_BUCKET": "files",
}


def sentence(**changed: str) -> str:
    with pytest.raises(SettingsError) as refusal:
        read({**COMPLETE, **changed})
    return str(refusal.value)


def test_defaults() -> None:
    settings = read(COMPLETE)
    assert (settings.host, settings.port, settings.drain_timeout) == ("127.0.0.1", 8000, 10.0)
    assert (settings.objects.region, settings.release) == ("us-east-1", None)


def test_secrets_are_not_in_the_repr() -> None:
    shown = repr(read(COMPLETE))
    assert not [secret for secret in ("p%40ss", "hush", "very-secret", "key-id") if secret in shown]


@pytest.mark.parametrize("name", REQUIRED)
def test_a_missing_variable_is_named(name: str) -> None:
    assert sentence(**{name: ""}).startswith(f"{name} is not set in the environment;")


def test_all_missing_variables_are_named_at_once() -> None:
    assert sentence(REDIS_URL="", S3_BUCKET="").startswith("REDIS_URL, S3_BUCKET are not set in the environment;")


@pytest.mark.parametrize(
    ("name", "value", "part"),
    [
        ("PORT", "http", "PORT is 'http': input should be a valid integer"),
        ("PORT", "65536", "PORT is '65536'"),
        ("PORT", "-1", "PORT is '-1'"),
        ("PORT", "٣", "PORT is '٣'"),
        ("DRAIN_TIMEOUT", "soon", "DRAIN_TIMEOUT is 'soon': input should be a valid number"),
        ("DRAIN_TIMEOUT", "-1", "DRAIN_TIMEOUT is '-1'"),
        ("DRAIN_TIMEOUT", "nan", "DRAIN_TIMEOUT is 'nan'"),
        ("DRAIN_TIMEOUT", "inf", "DRAIN_TIMEOUT is 'inf'"),
        ("DATABASE_URL", "mysql://db/shop", "DATABASE_URL: it is not a usable URL, expected the form postgresql://"),
        ("DATABASE_URL", "postgresql:db", "DATABASE_URL: it is not a usable URL"),
        ("S3_ENDPOINT", "store:9000", "S3_ENDPOINT: it is not a usable URL, expected the form http://host:9000"),
        (
            "S3_PUBLIC_ENDPOINT",
            "files.example.org",
            "S3_PUBLIC_ENDPOINT: it is not a usable URL, expected the form https://",
        ),
        ("STORAGE_DELIVERY", "both", "STORAGE_DELIVERY is 'both': input should be 'stream' or 'redirect'"),
        ("STORAGE_URL_SECRET", "short", "STORAGE_URL_SECRET: string should have at least 32 characters"),
        ("REDIS_URL", "redis://cache:port", "REDIS_URL: it is not a usable URL"),
    ],
)
def test_a_wrong_value_is_told(name: str, value: str, part: str) -> None:
    assert part in sentence(**{name: value})


@pytest.mark.parametrize(
    "value",
    [
        "postgresql://app:hunt@er2@db/shop",
        "postgresql://app:hunt/er2@db/shop",
        "postgresql://app:hunt#er2@db/shop",
        "postgresql://app:hunt%er2@db/shop",
        "postgresql://app:hunt?er2@db/shop",
    ],
)
def test_a_password_that_was_not_encoded_is_refused_and_not_quoted(value: str) -> None:
    told = sentence(DATABASE_URL=value)
    assert told.startswith("DATABASE_URL: ") and "hunt" not in told and "er2" not in told


@pytest.mark.parametrize(
    "value",
    [
        "postgres://app:x@db/shop",
        "postgresql:///shop?host=/run/postgresql",
        "postgresql://app:x@a:1,b:2/shop",
        "postgresql://app:x@[::1]:5432/shop",
    ],
)
def test_the_forms_of_libpq_are_accepted(value: str) -> None:
    assert read({**COMPLETE, "DATABASE_URL": value}).database_url == value
