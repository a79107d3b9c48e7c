"""The gate of Postgres against real servers: it opens when one works, waits while one starts, and is not fooled."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.errors import GateError
from tests.embedded.data import conftest
from tests.support import services
from tests.support.gating import Waiter, gate
from tests.support.waiting import until


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
