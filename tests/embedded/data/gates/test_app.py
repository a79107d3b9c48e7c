"""The gate of the app: it waits for the ready path, and shows what it said last."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from slipway.data.endpoints import Endpoints
from slipway.data.gates import app as app_gate
from slipway.data.gates import probe
from slipway.data.gates.interface import Probe, Ready
from slipway.errors import GateError
from slipway.system import http
from slipway.system.wait import Opened
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


class Particular(App):
    """An app that serves its domain alone, and over HTTPS alone, as Django's ALLOWED_HOSTS and SECURE_SSL_REDIRECT have it."""

    def do_GET(self) -> None:
        asked = self.headers.get_all("Host"), self.headers["X-Forwarded-Host"], self.headers["X-Forwarded-Proto"]
        moved = self.headers.get_all("Host") == ["shop.example.org"] and self.headers["X-Forwarded-Proto"] != "https"
        fine = asked == (["shop.example.org"], "shop.example.org", "https")
        self.send_response(301 if moved else 200 if fine else 400)
        if moved:
            self.send_header("Location", f"https://shop.example.org{self.path}")
        self.send_header("Content-Length", "0")
        self.end_headers()


@pytest.fixture
def app(request: pytest.FixtureRequest):
    handler = type("FreshApp", (getattr(request, "param", App),), {})
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


@pytest.mark.parametrize("app", [Particular], indirect=True)
def test_an_app_that_serves_its_domain_alone_is_asked_as_that_domain(app: str) -> None:
    port = int(app.rpartition(":")[2])
    site = "https://shop.example.org"
    assert ask_gate(Ready(app, 20, site)).tries == 1
    assert probe.app(Endpoints(), Probe("127.0.0.1", port, 1, 20, site), print).tries == 1
    assert http.ask(f"{app}/ready", site) == (True, "200")


@pytest.mark.parametrize("app", [Particular], indirect=True)
@pytest.mark.parametrize(
    ("site", "said"),
    [
        ("", "400 (asked with Host: {address} over http; DOMAIN decides that)"),
        (
            "http://shop.example.org",
            "301, a redirect to https://shop.example.org/ready (asked with Host: shop.example.org over http; DOMAIN decides that)",
        ),
    ],
)
def test_it_is_said_with_which_host_an_app_was_asked_and_where_it_sent(app: str, site: str, said: str) -> None:
    with pytest.raises(GateError) as caught:
        ask_gate(Ready(app, 0.1, site))
    expected = said.format(address=app.removeprefix("http://"))
    assert caught.value.found == f"no answer in 0.1 s; last: {expected}"
    assert http.ask(f"{app}/ready", site) == (False, expected)


def ask_gate(args: Ready) -> Opened:
    return app_gate.gate(Endpoints(), args, print)
