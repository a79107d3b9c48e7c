"""The front door closed for maintenance on a real gateway, and opened again."""

from __future__ import annotations

import urllib.error
import urllib.request

import pytest

from tests.support.clone import Clone, assert_refused
from tests.support.containers import must
from tests.support.load.generator import load
from tests.support.waiting import until

pytestmark = pytest.mark.scenario


def asked(clone: Clone, path: str, method: str = "GET") -> tuple[int, dict, str]:
    request = urllib.request.Request(f"http://127.0.0.1:{clone.port}{path}", method=method)
    try:
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status, dict(answer.headers), answer.read().decode()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read().decode()


def answers(clone: Clone) -> bool:
    try:
        return asked(clone, "/health")[0] == 200
    except OSError:
        return False


def test_a_closed_door_answers_503_with_the_message_outlasts_the_gateway_and_opens_with_no_request_lost(own: Clone):
    own.succeed("maintenance", "on", "--message", "<b>Back</b> at 10:00")
    for method in ("GET", "POST", "DELETE"):
        status, headers, page = asked(own, "/api/v1/tasks", method)
        assert status == 503 and headers["Retry-After"] == "120" and headers["Cache-Control"] == "no-store"
        assert "&lt;b&gt;Back&lt;/b&gt; at 10:00" in page
    assert asked(own, "/health")[0] == 200 and asked(own, "/ready")[0] == 200
    assert_refused(own.invoke("smoke"), 6, "closed for maintenance", "./invoke maintenance off")

    must("restart", own.id("gateway"))
    until(lambda: answers(own), "the gateway answers again")
    assert asked(own, "/")[0] == 503

    with load(f"http://127.0.0.1:{own.port}", seconds=60, fast="/health", post=None, slow=None) as running:
        own.succeed("maintenance", "off")
        assert asked(own, "/")[0] == 200
        own.succeed("maintenance", "on")
        own.succeed("maintenance", "off")
    assert running.result.failures == ()
    own.assert_right()


def test_the_collection_that_ships_holds_on_a_stack_that_is_up_and_leaves_nothing_behind(own: Clone):
    before = own.sql("SELECT count(*) FROM tasks")
    assert "smoke test" in own.succeed("smoke")
    assert own.sql("SELECT count(*) FROM tasks") == before


def test_a_collection_that_does_not_hold_ends_with_6_and_names_the_request(own: Clone):
    shipped, path = own.root / "tests" / "smoke" / "postman_collection.json", own.root / "wrong.json"
    path.write_text(shipped.read_text().replace("to.have.status(200)", "to.have.status(418)", 1))
    assert_refused(own.invoke("smoke", "--collection", str(path)), 6, "Probes / Alive", "status 200", "status 418")
