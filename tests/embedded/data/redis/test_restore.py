"""What Redis held, given back to a server that goes on running, and that keeps a log of its writes as ours do."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
import redis

from slipway.data.backups import folder
from slipway.data.redis import rdb_format, restore
from slipway.errors import BackupError, GateError
from tests.support import services
from tests.support.backing_up import ends_of
from tests.support.waiting import until


@pytest.fixture
def server(tmp_path: Path) -> Iterator[services.Server]:
    port = services.free_port()
    made = services.make_redis(tmp_path, port)
    (tmp_path / "redis.conf").open("a").write("appendonly yes\n")
    made.start()
    made.port = port
    until(lambda: services.listens(port), "redis listens")
    yield made
    made.stop()


@pytest.fixture
def kept(stack, server: services.Server) -> Iterator[redis.Redis]:
    """A client of the server that the stack backs up."""
    stack.env["REDIS_URL"] = f"redis://:{quote(services.REDIS_PASSWORD, safe='')}@127.0.0.1:{server.port}/0"
    with redis.Redis(port=server.port, password=services.REDIS_PASSWORD) as client:
        yield client


def filled(client: redis.Redis) -> None:
    client.mset({f"key {number}": os.urandom(200) for number in range(3000)})
    client.set("large", os.urandom(8_000_000))
    client.hset("hash", mapping={"a": "1", "ключ": "значение"})
    client.rpush("queue", *[b"job %d" % number for number in range(500)])
    client.zadd("scores", {"one": 1.5, "two": float("inf")})
    client.xadd("stream", {"field": b"\x00\xff"})
    client.set("session", "ends", ex=5000)
    with redis.Redis(
        port=client.connection_pool.connection_kwargs["port"], password=services.REDIS_PASSWORD, db=3
    ) as third:
        third.set("elsewhere", "3")


def content(client: redis.Redis) -> dict:
    """Every key of every database, as the server itself would move it, and whether it ends."""
    found = {}
    for number in (0, 3):
        with redis.Redis(
            port=client.connection_pool.connection_kwargs["port"], password=services.REDIS_PASSWORD, db=number
        ) as each:
            found |= {(number, key): (each.dump(key), each.ttl(key) > 0) for key in each.scan_iter(count=1000)}
    return found


def test_redis_holds_what_it_held_takes_writes_and_keeps_it_over_a_restart(stack, server, kept) -> None:
    filled(kept)
    before = content(kept)
    made = stack.run("backup", {"only": "redis"})
    kept.delete("queue", "key 1")
    kept.set("key 2", "other")
    kept.set("newer", "goes")
    done = stack.run("restore.redis", {"id": made["id"]})
    assert (done["keys"], done["bytes"]) == (len(before), made["redis"]["bytes"])
    assert content(kept) == before and kept.info()["role"] == "master"
    stack.run("restore.redis", {"id": done["before"]})
    assert kept.get("newer") == b"goes" and not kept.exists("queue")
    stack.run("restore.redis", {"id": made["id"]})
    kept.set("after", "written")
    server.stop()
    server.start()
    until(lambda: services.listens(server.port) and kept.ping() and not kept.info()["loading"], "redis is back")
    assert kept.get("after") == b"written" and len(content(kept)) == len(before) + 1


def test_a_backup_of_redis_alone_is_one_of_its_own_kind(stack, kept) -> None:
    kept.set("a", "1")
    assert stack.run("backup", {"only": "redis"})["parts"] == ["redis"]
    with_database = stack.run("backup", {"only": "db"})
    assert not with_database["redis"]
    with pytest.raises(BackupError, match="nothing of Redis"):
        stack.run("restore.redis", {"id": with_database["id"]})


def test_a_copy_of_a_newer_server_is_refused_and_nothing_is_dropped(kept, tmp_path) -> None:
    kept.set("a", "1")
    file = tmp_path / "newer.rdb"
    for head in (b"REDIS9999", b"VALKEY999"):
        file.write_bytes(head + os.urandom(100))
        with pytest.raises(BackupError, match="format 999"):
            rdb_format.refuse_unreadable(kept, file)
    assert kept.keys() == [b"a"]


def test_what_is_no_copy_of_redis_is_refused_in_plain_words(stack, kept) -> None:
    kept.set("a", "1")
    made = stack.run("backup", {"only": "redis"})
    with pytest.raises(BackupError, match="does not begin as a copy"):
        file = Path(made["path"]) / "redis.rdb"
        rdb_format.refuse_unreadable(kept, rewritten(file, b"GARBAGE!!"))
    assert kept.keys() == [b"a"]


def rewritten(file: Path, head: bytes) -> Path:
    file.write_bytes(head + file.read_bytes()[len(head) :])
    return file


@pytest.mark.parametrize("damage", ["at its beginning", "in its middle"])
def test_a_copy_that_cannot_be_read_leaves_what_was_there(damage, stack, kept, server, tmp_path) -> None:
    """Only a file that was damaged before its digest was taken comes so far. Redis gives up, and whoever runs it starts
    it; Valkey goes on."""
    filled(kept)
    whole = (Path(stack.run("backup", {"only": "redis"})["path"]) / "redis.rdb").read_bytes()
    kept.flushall()
    kept.set("a", "1")
    file, half = tmp_path / "broken.rdb", len(whole) // 2
    # A type that neither knows: Valkey would not end on it.
    file.write_bytes(b"REDIS0009" + b"\x1f" * 1000 if damage == "at its beginning" else whole[:half] + b"\xff" * half)
    with pytest.raises((BackupError, redis.RedisError)):
        restore.given(kept, file, lambda event: None)
    if gives_up(kept):
        until(lambda: not services.listens(server.port), "redis has given up")
        server.stop()
        server.start()
    until(lambda: services.listens(server.port) and kept.ping(), "redis is back")
    assert kept.info()["role"] == "master" and kept.get("a") == b"1"


def gives_up(client: redis.Redis) -> bool:
    """Whether it ends itself on a copy that it cannot load."""
    try:
        return "valkey_version" not in client.info("server")
    except redis.ConnectionError:
        return True


def test_a_redis_that_was_left_a_replica_is_named_by_the_gate_and_healed_by_the_next_restore(stack, kept) -> None:
    """As a restore leaves it that is killed before its last word."""
    kept.set("a", "1")
    made = stack.run("backup", {"only": "redis"})
    kept.execute_command("REPLICAOF", "127.0.0.1", str(services.free_port()))
    with pytest.raises(GateError, match="was killed") as caught:
        stack.run("gate.redis")
    assert caught.value.next == "./invoke restore BACKUP --only redis"
    stack.run("restore.redis", {"id": made["id"]})
    stack.run("gate.redis")
    assert kept.keys() == [b"a"]


def test_whoever_else_calls_gets_nothing() -> None:
    with restore.socket.create_server(("127.0.0.1", 0)) as listener:
        stranger = restore.socket.create_connection(listener.getsockname())
        taken = []
        thread = threading.Thread(target=lambda: taken.append(restore.caller(listener, "127.0.0.2")), daemon=True)
        thread.start()
        assert stranger.recv(1) == b""
        friend = restore.socket.create_connection(listener.getsockname(), source_address=("127.0.0.2", 0))
        thread.join(5)
        assert taken and taken[0].getpeername() == friend.getsockname()
        for each in (stranger, friend, *taken):
            each.close()


def test_nothing_of_a_backup_stays_where_redis_is_away(stack, kept, server) -> None:
    server.stop()
    with pytest.raises(BackupError):
        stack.run("backup", {"only": "redis"})
    assert folder.list_backups(ends_of(stack)) == []
