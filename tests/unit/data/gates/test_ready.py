"""Waiting and what an app says of itself, without any service."""

from __future__ import annotations

import json

import pytest

from slipway.data.gates import postgres, ready
from slipway.errors import GateError, SettingsError
from slipway.system.wait import NotYet, wait


def probe_of(*answers: object):
    """A probe that gives these answers in turn: an exception is raised, anything else passes."""
    left = list(answers)

    def probe() -> None:
        answer = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(answer, Exception):
            raise answer

    return probe


def test_wait_asks_until_the_probe_passes_and_counts_the_tries() -> None:
    heard: list[str] = []
    found = wait("redis", probe_of(NotYet("a"), NotYet("a"), NotYet("b"), None), 30, interval=0.001, tell=heard.append)
    assert (found.gate, found.tries, heard) == ("redis", 4, ["redis: a", "redis: b"])


def test_wait_says_how_long_and_the_last_answer_at_its_deadline() -> None:
    with pytest.raises(GateError) as caught:
        wait("postgres", probe_of(NotYet("first"), NotYet("connection refused")), 0.05, interval=0.01)
    assert caught.value.found == "no answer in 0.05 s; last: connection refused"
    assert (caught.value.where, caught.value.next) == ("postgres gate", "./invoke logs -s postgres")


def test_wait_gives_up_at_once_when_waiting_cannot_help() -> None:
    tries: list[int] = []

    def probe() -> None:
        tries.append(1)
        raise GateError("redis gate", "wrong password")

    with pytest.raises(GateError):
        wait("redis", probe, 600)
    assert tries == [1]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (
            503,
            json.dumps({"dependencies": {"redis": {"ok": False, "reason": "refused"}, "postgres": {"ok": True}}}),
            "503; redis: refused",
        ),
        (
            503,
            json.dumps({"dependencies": {"a": {"ok": False}, "b": {"ok": False, "reason": "x"}}}),
            "503; a: not ok; b: x",
        ),
        (503, json.dumps({"dependencies": ["redis"]}), '503 {"dependencies": ["redis"]}'),
        (500, "<h1>oops</h1>\n  <p>no</p>", "500 <h1>oops</h1> <p>no</p>"),
        (404, "", "404"),
        (502, "x" * 900, "502 " + "x" * 300),
    ],
)
def test_the_last_answer_of_an_app_in_words(status: int, body: str, said: str) -> None:
    assert ready.describe(status, body) == said


@pytest.mark.parametrize("given", [{}, {"host": "/var/run/postgresql"}, {"host": "@abstract"}])
def test_the_postgres_gate_refuses_a_socket(given: dict[str, str]) -> None:
    with pytest.raises(SettingsError):
        postgres.tcp_address(given, "ADMIN_DATABASE_URL")


def test_the_postgres_gate_asks_the_port_and_database_of_the_url() -> None:
    assert postgres.tcp_address({"host": "db", "user": "me"}, "X") == {
        "host": "db",
        "port": "5432",
        "user": "me",
        "dbname": "me",
    }
