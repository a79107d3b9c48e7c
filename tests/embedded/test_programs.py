"""The servers that a stack without Docker gets, and what doctor says of them."""

from __future__ import annotations


def test_the_stack_has_the_extensions_that_its_containers_would_have(running) -> None:
    for name in ("pgcrypto", "uuid-ossp", "pg_stat_statements"):
        assert running.psql(f"select count(*) from pg_available_extensions where name = '{name}'") == "1"
    assert running.psql("select count(*) > 0 from pg_stat_statements") == "True"


def test_doctor_notes_which_servers_these_are_and_what_containers_have(running) -> None:
    said = running.invoke("doctor", EMBEDDED_PROGRAMS="wheel").stdout
    assert "18.6 of a wheel, without sslinfo, xml2; containers have postgres:18-trixie" in said
    assert "Valkey 9.1 of a wheel; containers have redis:8.0" in said


def test_programs_of_the_system_s_that_are_not_there_are_refused_before_anything_is_touched(running) -> None:
    before = running.pids
    done = running.invoke("up", "--yes", EMBEDDED_PROGRAMS="system", POSTGRES_VERSION="17")
    assert done.returncode != 0 and "17, which is not installed here" in done.stderr + done.stdout
    assert running.pids == before
