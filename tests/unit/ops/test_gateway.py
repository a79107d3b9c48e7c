"""The gateway's admin side, played by a server on a unix socket: counts, drain, and the file that is the switch."""

from __future__ import annotations

import http.server
import json
import socketserver
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest

from slipway.data.endpoints import Endpoints
from slipway.data.verb import Nothing
from slipway.errors import EngineError, SettingsError
from slipway.ops import gateway, interface

METRICS = """
caddy_http_request_duration_seconds_count{code="200",handler="reverse_proxy",method="GET",server="front"} 90
caddy_http_request_duration_seconds_count{code="502",handler="reverse_proxy",method="GET",server="front"} 3
caddy_http_request_duration_seconds_count{code="500",handler="reverse_proxy",method="GET",server="front"} 4
caddy_http_request_duration_seconds_count{code="499",handler="reverse_proxy",method="POST",server="front"} 2
caddy_http_request_duration_seconds_count{code="200",handler="encode",method="GET",server="front"} 1000
caddy_http_request_errors_total{handler="encode",server="front"} 4
caddy_http_request_errors_total{handler="reverse_proxy",server="front"} 4
"""


class Gateway(http.server.BaseHTTPRequestHandler):
    flights: ClassVar = [2, 1, 0]
    runs: ClassVar = {"n": 1}

    def do_POST(self):
        wanted = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        if self.path != "/load" or "wrong" in wanted:
            return self.reply(400, '{"error":"unknown field wrong"}')
        Gateway.runs = wanted
        self.reply(200, "")

    def do_GET(self):
        if self.path == "/config/":
            self.reply(200, json.dumps(Gateway.runs))
        elif self.path == "/metrics":
            self.reply(200, METRICS)
        elif self.path == "/reverse_proxy/upstreams":
            left = self.flights.pop(0) if len(self.flights) > 1 else self.flights[0]
            self.reply(
                200,
                json.dumps(
                    [
                        {"address": "app-blue:8000", "num_requests": left, "fails": 0},
                        {"address": "app-green:8000", "num_requests": 7, "fails": 0},
                    ]
                ),
            )
        else:
            self.reply(404, '{"error":"unknown object ID"}')

    def reply(self, status: int, text: str) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text.encode())

    def address_string(self) -> str:
        return "unix"

    def log_message(self, *words) -> None:
        """Nobody reads it."""


@pytest.fixture
def ends(tmp_path: Path) -> Iterator[Endpoints]:
    Gateway.flights, Gateway.runs = [2, 1, 0], {"n": 1}
    with socketserver.UnixStreamServer(str(tmp_path / "admin.sock"), Gateway) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Endpoints(gateway_dir=tmp_path)
        server.shutdown()


def test_the_switch_is_a_file_and_stays(ends):
    assert gateway.active(ends, Nothing(), print) == interface.Gateway("blue", True, "", {})
    for colour in ("green", "green", "blue", "blue"):
        gateway.switch(ends, interface.Switch(colour), print)
        assert gateway.active(ends, Nothing(), print).active == colour
    with pytest.raises(SettingsError):
        gateway.switch(ends, interface.Switch("red"), print)


def test_a_reload_is_taken_kept_and_not_done_twice(ends, monkeypatch):
    monkeypatch.setattr(gateway, "ENDS", 0)
    gateway.configure(ends, interface.Configuration({"n": 1}), print)
    assert gateway.active(ends, Nothing(), print).config == {"n": 1}
    assert gateway.reload(ends, interface.Configuration({"n": 2}), print).ms > 0
    assert gateway.active(ends, Nothing(), print).config == gateway.configuration(ends) == Gateway.runs == {"n": 2}
    assert gateway.reload(ends, interface.Configuration({"n": 2}), print) == interface.Taken(0)
    with pytest.raises(EngineError, match="unknown field wrong"):
        gateway.reload(ends, interface.Configuration({"wrong": 3}), print)
    assert gateway.active(ends, Nothing(), print).config == gateway.configuration(ends) == {"n": 2}


def test_what_it_runs_is_in_doubt_where_it_would_start_with_something_else_or_a_reload_was_cut_short(ends):
    gateway.configure(ends, interface.Configuration({"n": 2}), print)
    assert gateway.active(ends, Nothing(), print).config == {}
    gateway.configure(ends, interface.Configuration({"n": 1}), print)
    (ends.gateway_dir / gateway.CLOSING).touch()
    assert gateway.active(ends, Nothing(), print).config == {}


def test_a_drain_waits_until_the_colour_has_nothing_in_flight(ends):
    assert gateway.drain(ends, interface.Drain("blue", 30), lambda event: None).left == 0


def test_a_drain_says_what_is_left_at_its_deadline(ends):
    assert gateway.drain(ends, interface.Drain("green", 0.1), lambda event: None).left == 7


def test_the_tally_tells_what_the_app_answered_from_what_the_gateway_did(ends):
    # Of 7 answers of 5xx the gateway made 2, and 2 more of its errors were clients that went away.
    assert gateway.tally(ends, Nothing(), print) == interface.Tally(95, 5, 2)


def test_what_is_not_there_is_told_apart_from_what_fails(ends):
    with pytest.raises(gateway.NotThere):
        gateway.admin(ends, "GET", "/id/maintenance")


def test_a_gateway_that_is_down_is_an_answer_and_the_switch_works_still(tmp_path):
    ends = Endpoints(gateway_dir=tmp_path)
    gateway.switch(ends, interface.Switch("green"), print)
    found = gateway.active(ends, Nothing(), print)
    assert found.active == "green" and not found.up and found.reason
    with pytest.raises(EngineError, match="does not answer"):
        gateway.counts(ends)


def test_an_engine_without_a_gateway_says_so():
    assert gateway.active(Endpoints(), Nothing(), print) == interface.Gateway("", False, "no gateway", {})
    with pytest.raises(SettingsError):
        gateway.switch(Endpoints(), interface.Switch("blue"), print)
