"""The environment as endpoints: what is taken, what is refused, and that nothing secret is ever printed."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.data import endpoints
from slipway.data.endpoints import Secret
from slipway.data.postgres import connection
from slipway.errors import SettingsError
from slipway.system.redact import MASK

ENV = {
    "ADMIN_DATABASE_URL": "postgresql://postgres:admin-secret@db/postgres",
    "S3_SECRET_KEY": "s3-secret",
    "DATABASE_URL": "postgresql://shop_app:p%40ss%2Fword@db:5432/shop",
    "REDIS_URL": "redis://:redis-secret@redis:6379/0",
    "ROLE_PASSWORDS": json.dumps({"shop_app": "p@ss/word"}),
    "S3_BUCKETS": "files, avatars,,files",
}


def test_absent_and_empty_settings_take_their_defaults() -> None:
    ends = endpoints.read({"GATE_TIMEOUT": "", "APP_READY_PATH": ""})
    assert (ends.gate_timeout, ends.app_ready_path, ends.s3_region, ends.migrations_dir) == (
        60.0,
        "/ready",
        "us-east-1",
        None,
    )


def test_lists_lose_blanks_and_repeats() -> None:
    assert endpoints.read(ENV).s3_buckets == ("files", "avatars")


@pytest.mark.parametrize("secret", ["admin-secret", "s3-secret", "p@ss/word", "p%40ss%2Fword", "redis-secret"])
def test_no_secret_in_the_printed_form(secret: str) -> None:
    ends = endpoints.read(ENV)
    assert secret not in repr(ends) and secret not in str(ends) and "•••" in repr(ends)


@pytest.mark.parametrize(
    "secret", ["admin-secret", "s3-secret", "p@ss/word", "p%40ss%2Fword", "redis-secret", ENV["DATABASE_URL"]]
)
def test_scrub_masks_every_spelling(secret: str) -> None:
    assert endpoints.read(ENV).scrub(f"refused {secret}!") == "refused •••!"


@given(st.text(min_size=4, max_size=30).filter(lambda text: text.isprintable() and not set(text) & {"\x00", *MASK}))
def test_any_password_survives_a_url_and_is_masked(password: str) -> None:
    url = f"postgresql://me:{quote(password, safe='')}@db/shop"
    ends = endpoints.read({"DATABASE_URL": url})
    assert connection.parameters(ends.app_database_url, "DATABASE_URL")["password"] == password
    assert password not in ends.scrub(f"refused {password}!")


@pytest.mark.parametrize(
    ("key", "value", "found"),
    [
        ("GATE_TIMEOUT", "soon", "soon"),
        ("GATE_TIMEOUT", "0", "0"),
        ("GATE_TIMEOUT", "-3", "-3"),
        ("GATE_TIMEOUT", "nan", "nan"),
        ("ROLE_PASSWORDS", "{secret", "not a JSON object of texts"),
        ("ROLE_PASSWORDS", '["secret"]', "not a JSON object of texts"),
        ("ROLE_PASSWORDS", '{"a": ""}', "not a JSON object of texts"),
    ],
)
def test_wrong_forms_are_refused_by_name(key: str, value: str, found: str) -> None:
    with pytest.raises(SettingsError) as caught:
        endpoints.read({key: value})
    assert (caught.value.where, caught.value.found) == (key, found) and "secret" not in str(caught.value.fields())


@pytest.mark.parametrize(
    "url", ["postgresql://me:my-secret%zz@db/x", "postgresql://me:my-secret@db/x?schema=public", "db"]
)
def test_an_unreadable_url_is_refused_without_being_shown(url: str) -> None:
    with pytest.raises(SettingsError) as caught:
        connection.parameters(Secret(url), "DATABASE_URL")
    assert caught.value.where == "DATABASE_URL" and "my-secret" not in str(caught.value.fields())


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (
            'connection failed: connection to server at "127.0.0.1", port 5432 failed: FATAL:  password authentication failed '
            'for user "x"',
            'password authentication failed for user "x"',
        ),
        (
            'connection failed: connection to server at "::1", port 1 failed: Connection refused\n\tIs the server running?',
            "Connection refused",
        ),
        ("server closed the connection unexpectedly\n\tThis probably means", "This probably means"),
        (
            'could not write to file "pg_wal/xlogtemp.7": No space left on device\nCONTEXT:  writing block 0 of relation "base/1/2"',
            'could not write to file "pg_wal/xlogtemp.7": No space left on device',
        ),
        ("", "OSError"),
    ],
)
def test_a_failure_becomes_one_line(text: str, line: str) -> None:
    assert connection.reason(OSError(text)) == line
