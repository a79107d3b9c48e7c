"""Recorded migrations as files: what runs is as it was, what does not is a comment, and no secret is left."""

from __future__ import annotations

import base64
import json

from slipway.data.sql import lexer
from slipway.supabase.history import text
from slipway.supabase.history.interface import Recorded


def token(role: str) -> str:
    payload = base64.urlsafe_b64encode(json.dumps({"role": role, "iss": "supabase"}).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{payload}.c2lnbmF0dXJl"


def write(*statements: str, name: str = "a") -> text.Written:
    return text.write(Recorded("20240101000000", name, statements, ()))


def test_secrets_give_way_to_the_names_of_settings() -> None:
    said = f"select '{token('service_role')}', '{token('anon')}', 'sb_secret_abcdefghijkl', 'postgresql://a:b@c/d'"
    masked, names = text.masked(said)
    assert names == ("SUPABASE_SERVICE_ROLE_KEY", "SUPABASE_ANON_KEY", "SUPABASE_SECRET_KEY", "SUPABASE_DB_LOGIN")
    assert masked.startswith("select '${SUPABASE_SERVICE_ROLE_KEY}', '${SUPABASE_ANON_KEY}'") and "eyJ" not in masked


def test_what_runs_is_as_it_was_recorded() -> None:
    assert (
        write("-- why\ncreate table a (b text default '--;')").text
        == "-- why\ncreate table a (b text default '--;');\n"
    )


def test_extensions_and_roles_may_be_there_already() -> None:
    found = write(
        'create extension "uuid-ossp" with schema extensions',
        "create extension if not exists citext",
        "create role team",
    ).text
    assert 'create extension IF NOT EXISTS "uuid-ossp"' in found and found.count("IF NOT EXISTS") == 1
    assert "IF to_regrole('team') IS NULL THEN create role team; END IF" in found


def test_what_is_left_out_is_a_comment_and_said() -> None:
    found = write("select 1", "-- jobs\nselect cron.schedule('a', '* * * * *',\n'select 1')")
    assert len(lexer.statements(found.text)) == 1 and "-- 'select 1');" in found.text
    (sentence,) = found.left
    assert sentence.startswith("20240101000000: select cron.schedule")
    assert "needs cron.schedule; instead: a schedule" in sentence


def test_bodies_that_name_the_platform_are_made_unchecked() -> None:
    assert (
        "check_function_bodies = off"
        in write("create function f() returns int language sql as $$select net.f()$$").text
    )


def test_a_version_without_statements_is_an_empty_file_with_a_name() -> None:
    found = write(name="")
    assert found.name == "20240101000000_recorded.up.sql" and not lexer.statements(found.text)
