"""The gate of the app: it waits for the ready path, and shows what it said last."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from slipway.errors import GateError
from tests.support.gating import Waiter, gate


class App(BaseHTTPRequestHandler):
    """An app that is not ready for its first answers, and then is."""

    unready = 3

    def do_GET(self) -> None:
        ready = self.path == "/ready" and type(self).unready <= 0
        type(self).unready -= 1
        body = b"fine" if ready else b'{"dependencies": {"redis": {"ok": false, "reason": "connection refused"}}}'
        self.send_response(200 if ready else 503)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *words: object) -> None:
        """Says nothing on the test's output."""


@pytest.fixture
def app():
    handler = type("FreshApp", (App,), {})
    server = HTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


def test_app_gate_waits_until_200_and_names_the_broken_dependency(app: str) -> None:
    waiter = Waiter("gate.app", {"APP_URL": app, "GATE_TIMEOUT": "20"})
    assert waiter.result()["tries"] == 4 and waiter.said == ["app: 503; redis: connection refused"]


def test_app_gate_shows_the_last_answer_at_its_deadline(app: str) -> None:
    with pytest.raises(GateError) as caught:
        gate("gate.app", {"APP_URL": app, "APP_READY_PATH": "/never", "GATE_TIMEOUT": "0.5"})
    assert caught.value.found == "no answer in 0.5 s; last: 503; redis: connection refused"
