"""Settings: all documented, secrets known as such, contradictions refused, nothing secret ever shown."""

from __future__ import annotations

import re

import pytest
from pydantic import SecretStr, ValidationError

from slipway.config import envfile, types
from slipway.config.credentials import required_secrets, secrets_of
from slipway.config.settings import Settings
from tests.unit.conftest import SECRETS, settings_of

WORDS_OF_SECRETS = (
    "DB_URL",
    "PASSWORD",
    "SECRET",
    "ACCESS_KEY",
    "SECRET_KEY",
    "API_KEY",
    "DATABASE_URL",
    "_TOKEN",
    "HOOK_URL",
)


@pytest.mark.parametrize("name", Settings.model_fields)
def test_every_setting_is_described_in_one_line(name):
    description = Settings.model_fields[name].description
    assert len(description) > 10 and "\n" not in description


@pytest.mark.parametrize("key", [key for key in envfile.KEYS if key.endswith(WORDS_OF_SECRETS)])
def test_a_key_that_sounds_secret_is_known_as_secret(key):
    assert envfile.secret(key)
    assert isinstance(Settings.model_fields[key.lower()].default, SecretStr)


def test_only_keys_that_sound_secret_are_secret_and_all_app_environment():
    assert {key for key in envfile.KEYS if envfile.secret(key)} == {
        key for key in envfile.KEYS if key.endswith(WORDS_OF_SECRETS)
    }
    assert envfile.secret("APP_ENV_STRIPE_KEY")


def test_settings_show_dots_for_secrets_wherever_they_are_printed():
    settings = settings_of(
        app_env={"TOKEN": "app-5ecreT-token"}, postgres="external", database_url="postgresql://u:5ecreT-url@db/x"
    )
    assert len(secrets_of(settings)) == len(SECRETS) + 2
    for text in (str(settings), repr(settings), f"{settings}", str(settings.model_dump()), str(settings.__dict__)):
        assert "5ecreT" not in text and "•••" in text


def test_settings_are_frozen():
    with pytest.raises(ValidationError):
        settings_of().project = "other"


def test_the_environment_decides_ports_fixtures_and_names():
    local, live = settings_of(), settings_of(environment="production")
    assert (local.local, local.stack, local.front_port, local.fixtures_wanted) == (True, "slipway-local", 8080, True)
    assert (live.local, live.stack, live.front_port, live.fixtures_wanted) == (False, "slipway-production", 80, False)
    assert settings_of(environment="production", load_fixtures="yes").fixtures_wanted
    assert not settings_of(load_fixtures="off").fixtures_wanted


@pytest.mark.parametrize(
    ("values", "missing", "extra"),
    [
        ({}, "GARAGE_RPC_SECRET", "POSTGRES_PASSWORD"),
        ({"s3_provider": "garage", "s3_access_key": "GK" + "0" * 24}, "DATABASE_URL", "GARAGE_RPC_SECRET"),
        ({"postgres": "external", "database_url": "postgresql://u:p@db/x"}, "POSTGRES_PASSWORD", "REDIS_PASSWORD"),
    ],
)
def test_only_the_secrets_that_a_stack_uses_are_required(values, missing, extra):
    required = required_secrets(settings_of(**values))
    assert missing not in required and extra in required


@pytest.mark.parametrize(
    ("text", "size"),
    [("16MB", 16 * 2**20), ("512M", 512 * 2**20), ("1.5GiB", 3 * 2**29), ("2 g", 2**31), ("1T", 2**40)],
)
def test_sizes_count_as_docker_counts_them(text, size):
    assert types.size(text) == size


@pytest.mark.parametrize("text", ["", "12", "0MB", "15MB", "-1GB", "1PB", "1GB extra", "٤GB", "GB", "1e3MB"])
def test_what_is_no_usable_size_is_refused(text):
    with pytest.raises(ValueError, match="size"):
        types.size(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("true", True),
        ("YES", True),
        ("on", True),
        ("1", True),
        ("false", False),
        ("No", False),
        ("off", False),
        ("0", False),
    ],
)
def test_booleans_mean_what_they_say(text, value):
    assert types.boolean(text) is value


@pytest.mark.parametrize("text", ["flase", "", "2", "y", "none"])
def test_a_typing_slip_is_no_boolean(text):
    with pytest.raises(ValueError, match="true or false"):
        types.boolean(text)


@pytest.mark.parametrize(
    ("environment", "bind", "at", "host"),
    [
        ("local", "", "127.0.0.1:", ""),
        ("production", "", "", ""),
        ("production", "127.0.0.1", "127.0.0.1:", ""),
        ("production", "10.0.0.5", "10.0.0.5:", "10.0.0.5"),
        ("local", "0.0.0.0", "0.0.0.0:", ""),
        ("production", "FD00::5", "[fd00::5]:", "[fd00::5]"),
    ],
)
def test_the_front_door_is_published_and_reached_where_a_setting_says(environment, bind, at, host) -> None:
    settings = Settings(environment=environment, http_bind=bind)
    assert (settings.http_at, settings.front_host) == (at, host)


def test_a_settings_file_of_before_gets_what_is_new_made_of_what_it_has_and_keeps_what_it_says() -> None:
    made = Settings(redis_password="5ecreT-of-the-server").redis_app_password.get_secret_value()
    assert re.fullmatch("[0-9a-f]{40}", made)
    assert made == Settings(redis_password="5ecreT-of-the-server").redis_app_password.get_secret_value()
    assert made != Settings(redis_password="5ecreT-of-another").redis_app_password.get_secret_value()
    given = Settings(redis_password="5ecreT-of-the-server", redis_app_password="5ecreT-of-the-app")
    assert given.redis_app_password.get_secret_value() == "5ecreT-of-the-app"
    assert not Settings().redis_app_password.get_secret_value()
