"""The gateway's image with the configuration that is rendered for it, before an app that tells what it was asked."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from slipway.config.settings import Settings
from slipway.data.endpoints import Endpoints
from slipway.data.verb import Nothing
from slipway.ops.gateway import tally
from slipway.release.answers import since
from slipway.stack import model, render
from tests.support.containers import HARDENED, ROOT, container, docker, port, tags
from tests.support.waiting import until

pytestmark = pytest.mark.scenario

TELLER = Path(__file__).parent / "apps" / "teller.py"
FORGED = {
    "X-Forwarded-For": "6.6.6.6, 9.9.9.9",
    "X-Forwarded-Proto": "https",
    "X-Forwarded-Host": "shop.example.org",
    "X-Forwarded-Port": "443",
    "X-Real-Ip": "6.6.6.6",
    "Forwarded": "for=6.6.6.6;proto=https",
}


@contextmanager
def gateway(folder: Path, **values: object) -> Iterator[int]:
    """The port of a gateway with these settings; its app runs beside it, in the same network namespace."""
    stack = model.build(Settings(images="debian", **values))
    folder.mkdir(mode=0o777)
    (folder / "gateway.json").write_text(render.files(stack, ROOT)[f"{stack.file}.gateway.json"])
    folder.chmod(0o777)
    with container(
        tags()["gateway"],
        *HARDENED,
        *("--cap-add", "NET_BIND_SERVICE", "--publish", "127.0.0.1::80", "--add-host", "app-blue:127.0.0.1"),
        *("-v", f"{folder}:/run/gateway"),
        command=("caddy", "run", "--config", "/run/gateway/gateway.json"),
    ) as name:
        beside = ("--network", f"container:{name}", "-v", f"{TELLER}:/teller.py:ro")
        with container(tags()["python"], *beside, command=("python3", "/teller.py")):
            there = port(name, 80)
            until(lambda: docker("exec", name, "nc", "-z", "127.0.0.1", "8000").returncode == 0, "the app listens")
            until(lambda: answers(there), "the gateway serves")
            yield there


def answers(there: int) -> bool:
    try:
        return ask(there)[0] == 200
    except (OSError, http.client.HTTPException):
        return False


def ask(
    there: int, path: str = "/", headers: dict[str, str] | None = None, method: str = "GET", body: bytes | None = None
) -> tuple[int, dict[str, str], bytes]:
    """Status, headers by their names in small letters, and body."""
    connection = http.client.HTTPConnection("127.0.0.1", there, timeout=30)
    try:
        connection.request(method, path, body, headers or {})
        answer = connection.getresponse()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()
    finally:
        connection.close()


def told(there: int, headers: dict[str, str]) -> dict[str, str]:
    """The headers of a request as the app got them."""
    return json.loads(ask(there, "/", headers)[2])


def test_forged_headers_of_anybody_do_not_reach_the_app(tmp_path: Path):
    with gateway(tmp_path / "run") as there:
        heard = told(there, {**FORGED, "Host": "shop.example.org"})
    assert heard["x-forwarded-proto"] == "http" and heard["x-forwarded-host"] == heard["host"] == "shop.example.org"
    assert heard["x-forwarded-for"] == heard["x-real-ip"] and "6.6.6.6" not in str(heard)
    assert "x-forwarded-port" not in heard and "forwarded" not in heard


# On a server of Dokploy its proxy is trusted without a word.
TRUSTED = {
    "named": {"trusted_proxies": "private"},
    "of Dokploy": {"engine": "dokploy", "environment": "production", "domain": "shop.example.org"},
}


@pytest.mark.parametrize("settings", TRUSTED.values(), ids=TRUSTED)
def test_a_trusted_proxy_says_address_and_scheme_of_the_client(tmp_path: Path, settings: dict):
    with gateway(tmp_path / "run", **settings) as there:
        heard = told(there, {**FORGED, "Host": "inner.example.org"})
        assert heard["x-forwarded-proto"] == "https" and heard["x-forwarded-host"] == "shop.example.org"
        # What the client itself has put before its address is not believed.
        assert heard["x-forwarded-for"] == heard["x-real-ip"] == "9.9.9.9"
        assert heard["host"] == "inner.example.org" and heard["x-forwarded-port"] == "443"
        passed = told(there, {"X-Forwarded-For": "9.9.9.9, 10.1.2.3", "X-Forwarded-Proto": "https"})
        assert passed["x-forwarded-for"] == "9.9.9.9"
        silent = told(there, {})
        assert silent["x-forwarded-proto"] == "http" and silent["x-forwarded-for"].startswith("172.")


BEHIND = {"domain": "shop.example.org", "domain_tls": "proxy", "trusted_proxies": "private"}


def test_answers_say_what_browsers_must_know_and_not_what_serves_them(tmp_path: Path):
    with gateway(tmp_path / "run", **BEHIND) as there:
        for path in ("/", "/die"):
            heard = ask(there, path)[1]
            assert heard["x-content-type-options"] == "nosniff", path
            assert heard["strict-transport-security"] == "max-age=31536000", path
            assert not {"server", "via"} & heard.keys(), path
        own = ask(there, "/own")[1]
    assert (own["x-content-type-options"], own["strict-transport-security"], own["server"]) == (
        "own",
        "max-age=1",
        "own",
    )


def test_a_site_in_plain_http_does_not_bind_browsers_to_https_and_what_is_too_long_is_told(tmp_path: Path):
    with gateway(tmp_path / "run", max_body="1MB") as there:
        assert "strict-transport-security" not in ask(there)[1]
        status, heard, text = ask(there, "/" + "a" * 20_000)
        assert status == 414 and b"414" in text and "server" not in heard
        assert ask(there, "/?q=" + "a" * 20_000)[0] == 414
        assert ask(there, "/", {"Cookie": "a" * 60_000})[0] == 431
        assert ask(there, "/?q=" + "a" * 8000, {"Cookie": "a" * 16_000})[0] == 200
        assert ask(there, "/", method="POST", body=b"a" * 2**20)[2] == b"1048576"
        assert ask(there, "/", method="POST", body=b"a" * (2**20 + 1))[0] == 413


SLOW = {
    "nothing": b"",
    "half of a request line": b"GET / HT",
    "half of the headers": b"GET / HTTP/1.1\r\nHost: shop\r\nX-Slow: ",
    "half of a body": b"POST / HTTP/1.1\r\nHost: shop\r\nContent-Length: 100\r\n\r\nhalf",
    "half of a body in pieces": b"POST / HTTP/1.1\r\nHost: shop\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n",
    "an answered request": b"GET / HTTP/1.1\r\nHost: shop\r\n\r\n",
}


def test_a_slow_client_is_cut_off_and_a_streamed_answer_is_not(tmp_path: Path):
    with gateway(tmp_path / "run", header_timeout=1, body_timeout=1, idle_timeout=1) as there:
        slow = {}
        for name, sent in SLOW.items():
            slow[name] = socket.create_connection(("127.0.0.1", there), timeout=30)
            slow[name].sendall(sent)
        for method, body in (("GET", None), ("POST", None), ("POST", b"x")):
            assert ask(there, "/stream", method=method, body=body)[2] == b"xxxxxx"
        for name, connection in slow.items():
            with connection:
                while connection.recv(4096):
                    pass
            print(f"{name}: ended")


def test_what_the_app_failed_to_answer_is_told_from_its_own_5xx(tmp_path: Path):
    with gateway(tmp_path / "run") as there:
        ends = Endpoints(gateway_dir=tmp_path / "run")
        before = tally(ends, Nothing(), print)
        for path in ("/", "/status/404", "/status/500", "/status/502", "/die", "/die", "/die", "/" + "a" * 9000):
            ask(there, path)
        with socket.create_connection(("127.0.0.1", there)) as gone:
            gone.sendall(b"GET /stream HTTP/1.1\r\nHost: shop\r\n\r\n")
            assert gone.recv(1)
        # The app's own 502 is its own; the address that is too long has never reached it.
        found = until(
            lambda: (now := since(before, tally(ends, Nothing(), print))).answers >= 4 and now,
            "the answers are counted",
        )
    assert (found.failed, found.unanswered) == (2, 3)
