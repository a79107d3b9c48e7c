"""The load generator counts what a front door really did: answers, refusals, cut connections, and latencies."""

from __future__ import annotations

import asyncio
import math
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.load import sender
from tests.support.load.generator import ROOT, Failure, Result, Sample, load
from tests.support.waiting import PATIENCE, until

APP = ROOT / "tests" / "scenarios" / "apps" / "slow" / "app.py"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def app(**env: str) -> Iterator[tuple[subprocess.Popen, str]]:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, str(APP)],
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ | {"PORT": str(port), "BOOT_SECONDS": "0"} | env,
    )
    try:
        assert "listens" in process.stdout.readline()
        yield process, f"http://127.0.0.1:{port}"
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def answered(url: str) -> bool:
    port = int(url.rsplit(":", 1)[1])
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_load_on_a_sound_app_has_no_failure_and_holds_every_kind_of_request():
    with app() as (_, url), load(url, seconds=1, rate=200) as running:
        running.wait()
    result = running.result
    assert result.failed == 0 and result.answers == {200: result.requests}
    assert {sample.kind for sample in result.samples} == {"fast", "post", "slow"}


def test_a_load_sends_no_more_than_its_time_allows():
    with app() as (_, url), load(url, seconds=0.5, rate=100, slow=None) as running:
        running.wait()
    assert 0 < running.result.requests <= 51


def test_a_load_ends_with_its_block():
    with app() as (_, url), load(url, seconds=600, rate=50, slow=None) as running:
        pass
    assert running.process.returncode == 0 and running.result.requests < 30_000
    assert running.lasted


def test_a_load_that_was_over_before_its_block_says_so():
    with app() as (_, url), load(url, seconds=0.2, rate=50, slow=None) as running:
        running.wait()
    assert not running.lasted


def test_answers_that_are_no_success_count_as_failures_with_their_status():
    with app(FAULT="answer-500") as (_, url), load(url, seconds=0.3, slow=None) as running:
        running.wait()
    result = running.result
    assert result.failed == result.requests and result.kinds == {"status 500": result.requests}


def test_requests_that_a_killed_app_leaves_unanswered_count_as_failures():
    with app() as (process, url), load(url, seconds=1, rate=200) as running:
        until(lambda: answered(url), "it answers")
        process.send_signal(signal.SIGKILL)
        process.wait()
        running.wait()
    result = running.result
    assert result.failed > 0 and result.kinds.get("refused", 0) > 0
    assert result.failed + sum(result.answers.values()) == result.requests


def test_an_app_told_to_stop_answers_what_is_under_way():
    with app() as (process, url):
        port = int(url.rsplit(":", 1)[1])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
            with socket.create_connection(("127.0.0.1", port)) as other:
                # Once this is answered, the other request has been read too: one loop reads both in turn.
                other.sendall(b"GET /version HTTP/1.1\r\nHost: x\r\n\r\n")
                assert other.recv(1000).startswith(b"HTTP/1.1 200")
            process.send_signal(signal.SIGTERM)
            assert client.recv(1000).startswith(b"HTTP/1.1 200")
        assert process.wait(timeout=PATIENCE) == 0


@pytest.mark.parametrize("url", ["http://example.org", "http://10.0.0.1:80", "http://127.0.0.1.example.org"])
def test_load_is_refused_for_any_host_but_this_machine(url: str):
    with pytest.raises(ValueError, match="loopback"), load(url):
        pass


def test_the_mix_is_one_slow_one_fourth_post_and_kept_and_fresh_connections_of_each():
    aim = sender.Aim("http://127.0.0.1", 200, 1, 1, "/version", "/echo", "/slow")
    shots = [sender.shot(aim, number) for number in range(400)]
    assert sum(shot.kind == "slow" for shot in shots) == 10
    assert sum(shot.method == "POST" for shot in shots) == 100
    assert {(shot.kind, shot.kept) for shot in shots} == {
        (kind, kept) for kind in ("fast", "post", "slow") for kept in (True, False)
    }


def test_percentiles_leave_out_the_slow_path_and_what_was_not_answered():
    samples = (
        *(Sample(i, i, "fast", 200) for i in range(1, 101)),
        Sample(50, 2000, "slow", 200),
        Sample(50, 9999, "fast", 0),
    )
    result = Result(samples, (Failure(50, "timeout", "GET", "/"),), 10)
    assert result.percentile(0.5) == 50 and result.p99() == 99 and result.p99(until=50) == 50
    assert math.isnan(result.p99(since=500))


@pytest.mark.parametrize(
    ("wire", "body", "lasting"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc", b"abc", True),
        (b"HTTP/1.1 200 OK\r\nconnection: Close\r\ncontent-length: 0\r\n\r\n", b"", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=1\r\nde\r\n0\r\n\r\n", b"abcde", True),
    ],
)
def test_answers_are_read_whole(wire: bytes, body: bytes, lasting: bool):
    assert asyncio.run(read(wire)) == (200, body, lasting)


@pytest.mark.parametrize(
    ("wire", "word"),
    [
        (b"", "closed early"),
        (b"HTTP/1.1 200 OK\r\n", "closed early"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", "closed early"),
        (b"SSH-2.0-x\r\n\r\n", "not HTTP"),
    ],
)
def test_answers_that_are_cut_or_no_http_are_said_so(wire: bytes, word: str):
    with pytest.raises(sender.NotAnswered, match=word):
        asyncio.run(read(wire))


async def read(wire: bytes) -> tuple[int, bytes, bool]:
    reader = asyncio.StreamReader()
    reader.feed_data(wire)
    reader.feed_eof()
    return await sender.answer(reader)
