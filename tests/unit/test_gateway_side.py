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

from slipway.data import gateway
from slipway.data.endpoints import Endpoints
from slipway.errors import EngineError, SettingsError

METRICS = """
caddy_http_request_duration_seconds_count{code="200",handler="reverse_proxy",method="GET",server="front"} 90
caddy_http_request_duration_seconds_count{code="502",handler="reverse_proxy",method="GET",server="front"} 3
caddy_http_request_duration_seconds_count{code="200",handler="encode",method="GET",server="front"} 1000
"""


class Gateway(http.server.BaseHTTPRequestHandler):
    flights: ClassVar = [2, 1, 0]

    def do_GET(self):
        if self.path == "/metrics":
            self.reply(200, METRICS)
        elif self.path == "/reverse_proxy/upstreams":
            left = self.flights.pop(0) if len(self.flights) > 1 else self.flights[0]
            self.reply(200, json.dumps([{"address": "app-blue:8000", "num_requests": left, "fails": 0},
                                        {"address": "app-green:8000", "num_requests": 7, "fails": 0}]))
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
    Gateway.flights = [2, 1, 0]
    with socketserver.UnixStreamServer(str(tmp_path / "admin.sock"), Gateway) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Endpoints(gateway_dir=tmp_path)
        server.shutdown()


def test_the_switch_is_a_file_and_stays(ends):
    assert gateway.active(ends, {}, print) == {"active": "blue", "up": True, "reason": ""}
    for colour in ("green", "green", "blue", "blue"):
        gateway.switch(ends, {"to": colour}, print)
        assert gateway.active(ends, {}, print)["active"] == colour
    with pytest.raises(SettingsError):
        gateway.switch(ends, {"to": "red"}, print)


def test_a_drain_waits_until_the_colour_has_nothing_in_flight(ends):
    assert gateway.drain(ends, {"from": "blue", "timeout": 30}, lambda event: None)["left"] == 0


def test_a_drain_says_what_is_left_at_its_deadline(ends):
    assert gateway.drain(ends, {"from": "green", "timeout": 0.1}, lambda event: None)["left"] == 7


def test_the_tally_counts_what_the_app_answered(ends):
    assert gateway.tally(ends, {}, print) == {"answers": 93, "failed": 3}


def test_what_is_not_there_is_told_apart_from_what_fails(ends):
    with pytest.raises(gateway.NotThere):
        gateway.admin(ends, "GET", "/id/maintenance")


def test_a_gateway_that_is_down_is_an_answer_and_the_switch_works_still(tmp_path):
    ends = Endpoints(gateway_dir=tmp_path)
    gateway.switch(ends, {"to": "green"}, print)
    found = gateway.active(ends, {}, print)
    assert found["active"] == "green" and not found["up"] and found["reason"]
    with pytest.raises(EngineError, match="does not answer"):
        gateway.tally(ends, {}, print)


def test_an_engine_without_a_gateway_says_so():
    assert gateway.active(Endpoints(), {}, print) == {"active": "", "up": False, "reason": "no gateway"}
    with pytest.raises(SettingsError):
        gateway.switch(Endpoints(), {"to": "blue"}, print)
