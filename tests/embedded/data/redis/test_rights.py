"""What the app may do in Redis, on a real server of each kind that is here, set up as the stack sets it up."""

from __future__ import annotations

import pytest

from slipway.config.settings import Settings
from slipway.engine.embedded.stores.redis import auth_conf, program
from tests.support import services
from tests.support.waiting import until

PASSWORD = "an-administrators-password"
ALLOWED = (
    "PING",
    "SET key value EX 60",
    "GET key",
    "DEL key",
    "SELECT 3",
    "INFO server",
    "CLIENT SETNAME worker",
    "CLIENT ID",
    "SCAN 0",
    "SORT list",
    "LPUSH list 1",
    "EVAL return(1) 0",
    "PUBLISH channel hello",
    "XADD stream * a b",
)
DENIED = (
    "CONFIG GET *",
    "CONFIG SET dir /tmp",
    "FLUSHALL",
    "FLUSHDB",
    "SHUTDOWN NOSAVE",
    "KEYS *",
    "MONITOR",
    "DEBUG SLEEP 0",
    "ACL LIST",
    "ACL SETUSER app +@all",
    "MODULE LIST",
    "REPLICAOF NO ONE",
    "SAVE",
    "BGSAVE",
    "CLIENT LIST",
    "CLIENT KILL TYPE normal",
    "SLOWLOG GET",
    "MIGRATE 127.0.0.1 1 key 0 1",
    "SWAPDB 0 1",
    "SYNC",
    "EVAL return(redis.call('FLUSHALL')) 0",
)


@pytest.fixture(scope="module", params=("auto", "wheel"))
def server(request, tmp_path_factory):
    folder, port = tmp_path_factory.mktemp("redis"), services.free_port()
    (folder / "auth.conf").write_text(auth_conf(Settings(redis_password=PASSWORD)))
    argv = [str(program("redis", request.param)), str(folder / "auth.conf"), "--port", str(port), "--bind", "127.0.0.1"]
    made = services.Server(argv, folder / "redis.log", {})
    made.start("--dir", str(folder), "--save", "")
    try:
        until(lambda: services.listens(port), "redis listens")
        yield port
    finally:
        made.stop()


def connect(server, user: str = "app"):
    import redis

    word = Settings(redis_password=PASSWORD).redis_app_password.get_secret_value() if user == "app" else PASSWORD
    return redis.Redis(port=server, username=user, password=word)


@pytest.mark.parametrize("command", ALLOWED)
def test_the_app_works_with_its_keys(server, command: str) -> None:
    with connect(server) as client:
        client.execute_command(*command.split())


@pytest.mark.parametrize("command", DENIED)
def test_the_app_cannot_govern_or_empty_the_server(server, command: str) -> None:
    import redis

    with connect(server) as client, pytest.raises(redis.exceptions.ResponseError, match=r"permission|not allowed"):
        client.execute_command(*command.split())


def test_the_administrator_can(server) -> None:
    with connect(server, "default") as client:
        assert client.config_get("dir") and client.acl_whoami() == "default"


def test_what_a_setting_gives_back_is_allowed(server) -> None:
    """Loaded into the running server as the file says it."""
    settings = Settings(redis_password=PASSWORD, redis_app_commands="keys,client|list")
    words = next(line for line in auth_conf(settings).splitlines() if line.startswith("user app")).split()
    with connect(server, "default") as admin, connect(server) as client:
        admin.execute_command("ACL", "SETUSER", "second", *[word for word in words[2:] if word[0] != ">"], ">second")
        client.execute_command("AUTH", "second", "second")
        assert client.execute_command("KEYS", "*") is not None and client.execute_command("CLIENT", "LIST")
