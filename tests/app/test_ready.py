"""/ready tells the truth about each dependency, and heals; /health touches none."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest

from tests.support.backend_process import send
from tests.support.waiting import until

URL_OF = {"postgres": "DATABASE_URL", "redis": "REDIS_URL", "objects": "S3_ENDPOINT"}


def test_ready_when_everything_answers(call: Callable[..., Any]) -> None:
    ready = until(lambda: (reply := call("GET", "/ready")).status == 200 and reply, "200 of /ready")
    assert ready.body["ready"] is True
    assert {name: told["ok"] for name, told in ready.body["dependencies"].items()} == dict.fromkeys(URL_OF, True)


@pytest.mark.parametrize("name", URL_OF)
def test_a_lost_dependency_is_named_and_its_return_is_noticed(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any], name: str
) -> None:
    between, url = relay(stack.env[URL_OF[name]])
    app = start_app(**{URL_OF[name]: url})
    until(lambda: send(app.url, "GET", "/ready").status == 200, "200 of /ready")
    between.cut()
    lost = send(app.url, "GET", "/ready")
    assert lost.status == 503 and lost.body["ready"] is False
    assert [key for key, told in lost.body["dependencies"].items() if not told["ok"]] == [name]
    assert send(app.url, "GET", "/health").body == {"status": "alive"}
    between.mend()
    assert send(app.url, "GET", "/ready").status == 200


@pytest.mark.parametrize("name", URL_OF)
def test_a_silent_dependency_is_given_up(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any], name: str
) -> None:
    between, url = relay(stack.env[URL_OF[name]])
    between.silent = True
    told = send(start_app(**{URL_OF[name]: url}).url, "GET", "/ready")
    assert told.status == 503
    assert told.body["dependencies"][name]["reason"] in ("no answer within 2 s", "no answer in time")


def test_it_starts_with_every_dependency_down(start_app: Callable[..., Any], relay: Callable[[str], Any]) -> None:
    nowhere, _ = relay("tcp://127.0.0.1:1")
    nowhere.cut()
    address = f"127.0.0.1:{nowhere.port}"
    app = start_app(
        DATABASE_URL=f"postgresql://u:hunter2@{address}/d",
        REDIS_URL=f"redis://:hunter2@{address}/0",
        S3_ENDPOINT=f"http://{address}",
        S3_SECRET_KEY="hunter2",
    )
    told = send(app.url, "GET", "/ready")
    assert told.status == 503 and not any(each["ok"] for each in told.body["dependencies"].values())
    assert send(app.url, "GET", "/health").status == 200
    assert "hunter2" not in str(told.body) and "hunter2" not in app.log.read_text()


@pytest.mark.parametrize(
    ("name", "setting"),
    [
        ("postgres", "DATABASE_URL"),
        ("redis", "REDIS_URL"),
        ("objects", "S3_SECRET_KEY"),
    ],
)
def test_wrong_credentials_are_said_and_not_shown(
    stack: Any, start_app: Callable[..., Any], name: str, setting: str
) -> None:
    app = start_app(**{setting: with_password(stack.env[setting], "not-the-right-one")})
    told = send(app.url, "GET", "/ready")
    assert told.body["dependencies"][name]["reason"] in (
        "the credentials were refused",
        "access to the bucket was denied",
    )
    assert "not-the-right-one" not in str(told.body) + app.log.read_text()


def test_a_missing_bucket_is_said(start_app: Callable[..., Any]) -> None:
    told = send(start_app(S3_BUCKET="no-such-bucket-here").url, "GET", "/ready")
    assert told.body["dependencies"]["objects"]["reason"] == "the bucket does not exist"


def test_the_api_works_again_after_the_database_was_away(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any], token: str
) -> None:
    between, url = relay(stack.env["DATABASE_URL"])
    app = start_app(DATABASE_URL=url)
    assert send(app.url, "GET", "/api/v1/tasks", token=token).status == 200
    between.cut()
    away = send(app.url, "GET", "/api/v1/tasks", token=token)
    assert away.status == 503 and "database" in away.body["detail"]
    between.mend()
    until(
        lambda: send(app.url, "GET", "/api/v1/tasks", token=token).status == 200,
        "the tasks API after the database came back",
    )


def with_password(value: str, password: str) -> str:
    """`value` with its password replaced; a bare secret is replaced whole."""
    place = urlsplit(value)
    if not place.hostname:
        return password
    address = place.netloc.rpartition("@")[2]
    return place._replace(netloc=f"{place.username or ''}:{password}@{address}").geturl()


def test_connections_that_postgres_has_ended_fail_no_request(
    stack: Any, start_app: Callable[..., Any], token: str
) -> None:
    app = start_app()
    end = "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'backend'"

    def listed(_: int) -> int:
        return send(app.url, "GET", "/api/v1/tasks", token=token).status

    for _ in range(3):
        with ThreadPoolExecutor(8) as threads:
            assert set(threads.map(listed, range(16))) == {200}
        with psycopg.connect(stack.database_url) as connection:  # a role may end what is its own
            assert connection.execute(end).fetchone() != (0,)
    assert listed(0) == 200
