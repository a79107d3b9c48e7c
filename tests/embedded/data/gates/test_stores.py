"""The gates against real servers: they open when the store works, wait while it starts, and are not fooled."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from urllib.parse import quote

import pytest

from slipway.errors import GateError
from slipway.ops import verbs
from tests.embedded.data import conftest
from tests.support import services
from tests.support.waiting import until


class Waiter:
    """A gate that waits in a thread; `said` is what it told, `outcome` its result or error."""

    def __init__(self, verb: str, env: dict[str, str]) -> None:
        self.said: list[str] = []
        self.outcome: list[object] = []
        self.thread = threading.Thread(target=self._run, args=(verb, env))
        self.thread.start()

    def _run(self, verb: str, env: dict[str, str]) -> None:
        try:
            self.outcome.append(verbs.run(verb, {}, env, lambda event: self.said.append(event["text"])))
        except GateError as error:
            self.outcome.append(error)

    def result(self) -> object:
        self.thread.join(60)
        return self.outcome[0]


def gate(verb: str, env: dict[str, str]) -> dict:
    return verbs.run(verb, {}, env, lambda event: None)


def test_postgres_gate_is_not_fooled_by_the_server_of_a_first_start(own_postgres, tmp_path: Path) -> None:
    """The official image's first start runs a server on the socket only, then stops it and starts the real one."""
    import psycopg

    env = conftest.stack_on(own_postgres, tmp_path).env
    own_postgres.start("-c", "listen_addresses=")
    socket_url = f"host={own_postgres.folder} port={own_postgres.port} user=postgres connect_timeout=2"
    until(lambda: answers(f"{socket_url} password={quoted(services.ADMIN_PASSWORD)}"), "socket server")
    waiter = Waiter("gate.postgres", env)
    until(lambda: waiter.said, "the gate says why it waits")
    with psycopg.connect(f"{socket_url} password={quoted(services.ADMIN_PASSWORD)}") as conn:
        assert conn.execute("SELECT 1").fetchone() == (1,) and waiter.outcome == []
    own_postgres.server.stop()
    assert waiter.outcome == []
    own_postgres.start()
    found = waiter.result()
    assert isinstance(found, dict) and found["tries"] > 1 and "nothing answers" in waiter.said[0]


def quoted(password: str) -> str:
    return "'" + password.replace("\\", "\\\\").replace("'", "\\'") + "'"


def answers(conninfo: str) -> bool:
    import psycopg

    try:
        with psycopg.connect(conninfo):
            return True
    except psycopg.OperationalError:
        return False


def test_postgres_gate_waits_for_a_slow_start(own_postgres, tmp_path: Path) -> None:
    waiter = Waiter("gate.postgres", conftest.stack_on(own_postgres, tmp_path).env)
    until(lambda: waiter.said, "the gate says why it waits")
    own_postgres.start()
    assert waiter.result()["gate"] == "postgres"


def test_postgres_gate_says_what_it_last_saw_when_nothing_comes(own_postgres, tmp_path: Path) -> None:
    with pytest.raises(GateError) as caught:
        gate("gate.postgres", conftest.stack_on(own_postgres, tmp_path).env | {"GATE_TIMEOUT": "0.4"})
    assert caught.value.found == f"no answer in 0.4 s; last: nothing answers at 127.0.0.1:{own_postgres.port}"


def test_postgres_gate_fails_at_once_with_a_wrong_password(bare) -> None:
    url = bare.url("postgres", "not the password", "postgres")
    with pytest.raises(GateError) as caught:
        bare.run("gate.postgres", ADMIN_DATABASE_URL=url, GATE_TIMEOUT="3000")
    assert "password authentication failed" in caught.value.found and "volume" in caught.value.expected
    assert "not the password" not in str(caught.value.fields())


def test_postgres_gate_asks_an_external_database_as_the_migrating_role(stack) -> None:
    assert stack.run("gate.postgres", ADMIN_DATABASE_URL="")["gate"] == "postgres"
    with pytest.raises(GateError) as caught:
        stack.run("gate.postgres", ADMIN_DATABASE_URL="", MIGRATE_DATABASE_URL=stack.url("nobody", "wrong"))
    assert caught.value.next == "edit MIGRATE_DATABASE_URL in .env"


def test_postgres_gate_works_without_pg_isready(bare, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert bare.run("gate.postgres", PG_BIN="")["tries"] == 1


def test_redis_gate_opens_and_leaves_no_key(redis_env: dict[str, str]) -> None:
    import redis

    assert gate("gate.redis", redis_env)["gate"] == "redis"
    with redis.Redis.from_url(redis_env["REDIS_URL"]) as store:
        assert store.keys("*") == []


@pytest.mark.parametrize("password", ["", ":wrong-one@"])
def test_redis_gate_fails_at_once_with_a_wrong_or_missing_password(redis_port: int, password: str) -> None:
    with pytest.raises(GateError) as caught:
        gate("gate.redis", {"REDIS_URL": f"redis://{password}127.0.0.1:{redis_port}/0", "GATE_TIMEOUT": "3000"})
    assert "no answer in" not in caught.value.found and "wrong-one" not in str(caught.value.fields())


def test_redis_gate_waits_for_a_slow_start(folder: Path) -> None:
    port, place = services.free_port(), folder / "slow-redis"
    place.mkdir()
    server = services.make_redis(place, port)
    password = quote(services.REDIS_PASSWORD, safe="")
    waiter = Waiter("gate.redis", {"REDIS_URL": f"redis://:{password}@127.0.0.1:{port}/0", "GATE_TIMEOUT": "20"})
    until(lambda: waiter.said, "the gate says why it waits")
    server.start()
    try:
        assert waiter.result()["tries"] > 1
    finally:
        server.stop()


def test_objects_gate_opens_before_any_bucket_exists_and_uses_one_when_it_does(object_env: dict[str, str]) -> None:
    assert gate("gate.objects", object_env)["bucket"] == ""
    gate("buckets", object_env)
    assert gate("gate.objects", object_env)["bucket"] == object_env["S3_BUCKETS"].split(",")[0]


def test_objects_gate_leaves_no_object(object_env: dict[str, str], s3_client) -> None:
    gate("buckets", object_env)
    gate("gate.objects", object_env)
    assert "Contents" not in s3_client.list_objects_v2(Bucket=object_env["S3_BUCKETS"].split(",")[0])


def test_objects_gate_fails_at_once_with_a_wrong_secret(object_env: dict[str, str]) -> None:
    with pytest.raises(GateError) as caught:
        gate("gate.objects", object_env | {"S3_SECRET_KEY": "not-the-secret", "GATE_TIMEOUT": "3000"})
    assert "SignatureDoesNotMatch" in caught.value.found and "not-the-secret" not in str(caught.value.fields())


def test_objects_gate_says_what_it_last_saw_when_nothing_comes(object_env: dict[str, str]) -> None:
    with pytest.raises(GateError) as caught:
        gate(
            "gate.objects",
            object_env | {"S3_ENDPOINT": f"http://127.0.0.1:{services.free_port()}", "GATE_TIMEOUT": "0.5"},
        )
    assert "Could not connect" in caught.value.found


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
