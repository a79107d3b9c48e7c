"""What Redis holds, kept in a backup as its server writes it."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import redis

from slipway.data.backups import folder
from slipway.errors import BackupError
from tests.support import services
from tests.support.backing_up import ends_of
from tests.support.waiting import until


def test_what_redis_holds_is_kept_as_its_own_file(stack, redis_env, tmp_path) -> None:
    stack.env.update(redis_env | {"BACKUP_REDIS": "yes"})
    with redis.Redis.from_url(redis_env["REDIS_URL"]) as client:
        client.flushall()
        client.mset({f"key {number}": os.urandom(500) for number in range(2000)})
        kept = client.get("key 7")
        made = stack.run("backup", {"only": "db"})
        client.flushall()
    path = Path(made["path"]) / "redis.rdb"
    assert made["redis"]["bytes"] == path.stat().st_size and path.read_bytes().startswith((b"REDIS", b"VALKEY"))
    place = tmp_path / "redis"
    place.mkdir()
    (place / "dump.rdb").write_bytes(path.read_bytes())
    port = services.free_port()
    server = services.make_redis(place, port)
    server.start()
    try:
        until(lambda: services.listens(port), "redis listens")
        with redis.Redis(port=port, password=services.REDIS_PASSWORD) as client:
            until(lambda: client.ping() and client.dbsize() == 2000, "it has loaded the file")
            assert client.get("key 7") == kept
    finally:
        server.stop()


def test_a_redis_that_refuses_is_a_sentence_without_its_password(stack, redis_port) -> None:
    stack.env.update({"BACKUP_REDIS": "yes", "REDIS_URL": f"redis://:not-the-password@127.0.0.1:{redis_port}/0"})
    with pytest.raises(BackupError) as caught:
        stack.run("backup", {"only": "db"})
    assert "not-the-password" not in json.dumps(caught.value.fields()) and folder.list_backups(ends_of(stack)) == []
