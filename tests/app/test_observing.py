"""What operators see of the backend: metrics, request ids, a log of JSON lines, and careful headers."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

import pytest

from tests.support import demo
from tests.support.backend_process import send
from tests.support.waiting import until


def sample(text: bytes, name: str, **labels: str) -> float | None:
    """The value of one series, or None."""
    for line in text.decode().splitlines():
        series, _, value = line.rpartition(" ")
        if series.partition("{")[0] == name and all(f'{key}="{each}"' in series for key, each in labels.items()):
            return float(value)
    return None


def test_requests_are_counted_by_their_route_and_not_by_what_clients_make_up(
    start_app: Callable[..., Any], token: str
) -> None:
    app = start_app()
    for path in ("/api/v1/tasks", "/api/v1/tasks?limit=1", f"/{quote('made up')}", "/another"):
        send(app.url, "GET", path, token=token)
    told = send(app.url, "GET", "/metrics").body
    assert sample(told, "http_requests_total", method="GET", route="/api/v1/tasks", status="200") == 2
    assert sample(told, "http_requests_total", route="none", status="404") == 2
    assert sample(told, "http_request_duration_seconds_count", route="/api/v1/tasks") == 2
    assert (sample(told, "postgres_pool_connections") or 0) >= 1


def test_open_sessions_are_counted_and_nothing_is_said_while_redis_is_away(
    start_app: Callable[..., Any], relay: Callable[[str], Any], stack: Any
) -> None:
    way, url = relay(stack.env["REDIS_URL"])
    app = start_app(REDIS_URL=url)

    def count() -> float:
        return sample(send(app.url, "GET", "/metrics").body, "auth_sessions_open") or 0.0

    before = count()
    token = demo.headers(app.url)["Authorization"].removeprefix("Bearer ")
    assert count() == before + 1
    assert send(app.url, "POST", "/api/v1/auth/logout", token=token).status == 204
    assert count() == before
    way.cut()
    assert math.isnan(count())


def test_metrics_are_not_given_through_a_gateway(stack: Any) -> None:
    assert send(stack.url, "GET", "/metrics", headers={"X-Forwarded-For": "203.0.113.5"}).status == 404


def test_a_request_keeps_the_id_that_it_came_with_and_gets_one_otherwise(stack: Any) -> None:
    sent = send(stack.url, "GET", "/health", headers={"X-Request-Id": "from-the-gateway-1"})
    assert sent.headers["x-request-id"] == "from-the-gateway-1"


@pytest.mark.parametrize(
    "odd",
    ["", "short", "with space in it", "x" * 200, "long-enough\u00e9", "tab\tinside-it", '{"json": "x"}', "%0d%0aSet-Cookie:x",
     "two-of-them, two-of-them", "../../etc/passwd", "a" * 128 + "b"],
)  # fmt: skip
def test_an_id_that_is_none_is_replaced(stack: Any, odd: str) -> None:
    given = send(stack.url, "GET", "/health", headers={"X-Request-Id": odd}).headers["x-request-id"]
    assert given != odd and re.fullmatch("[0-9a-f]{32}", given)


def test_answers_have_the_headers_that_keep_browsers_careful(stack: Any) -> None:
    for path in ("/", "/health", "/nowhere", "/api/v1/tasks"):
        headers = send(stack.url, "GET", path).headers
        assert (
            headers["x-content-type-options"] == "nosniff"
            and "default-src 'none'" in headers["content-security-policy"]
        )
        assert headers["x-frame-options"] == "DENY" and headers["referrer-policy"] == "no-referrer"


def test_the_log_is_json_and_names_the_request_that_failed(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any], token: str
) -> None:
    between, url = relay(stack.env["DATABASE_URL"])
    app = start_app(DATABASE_URL=url)
    between.cut()
    failed = send(app.url, "GET", "/api/v1/tasks", token=token, headers={"X-Request-Id": "to-be-found-1"})
    assert failed.status == 503
    # It is written after the answer has gone.
    lines = until(lambda: [line for line in app.log.read_text().splitlines() if "to-be-found-1" in line], "its line")
    found = [json.loads(line) for line in lines]
    assert [(each["route"], each["status"], each["level"]) for each in found] == [("/api/v1/tasks", 503, "warning")]
    assert token not in app.log.read_text()


def test_pages_of_other_origins_may_ask_only_where_the_settings_say_so(start_app: Callable[..., Any]) -> None:
    asked = {"Origin": "https://shop.example", "Access-Control-Request-Method": "POST"}
    open_to = send(start_app(CORS_ORIGINS="https://shop.example").url, "OPTIONS", "/auth/v1/token", headers=asked)
    assert open_to.headers["access-control-allow-origin"] == "https://shop.example"
    closed = send(start_app().url, "OPTIONS", "/auth/v1/token", headers=asked)
    assert "access-control-allow-origin" not in closed.headers
