"""What code and text name that will not be there, or should not be there."""

from __future__ import annotations

import base64
import json

import pytest

from slipway.supabase import references

CALLS = {
    "select net.http_post(url := 'x')": ("net.http_post",),
    'PERFORM "net" . "http_post" ( \'x\' )': ("net.http_post",),
    "insert into t select decrypted_secret from vault.decrypted_secrets": ("vault.decrypted_secrets",),
    "execute 'select pgmq.send(''q'', $1)' using m": ("pgmq.send",),
    "-- net.http_post()\nselect 1": (),
    "/* a /* nested */ cron.schedule() */ select 1": (),
    "select '-- ' || cron.schedule('a', 'b', 'c')": ("cron.schedule",),
    "select net.amount, net.id from earnings net": (),
    "select internet.http_post(), my.net.x": (),
    "select pgmq.read('a', 1, 1), PGMQ.SEND('a', '{}')": ("pgmq.read", "pgmq.send"),
    "select $tag$ -- cron.unschedule()\n select realtime.send() $tag$": ("realtime.send",),
    "update cron.job set active = false": ("cron.job",),
    "": (),
    "select 'unclosed": (),
    "/* unclosed vault.create_secret()": (),
}


def token(claims: object) -> str:
    payload = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    return f"eyJhbGciOiJIUzI1NiJ9.{payload}.abcdefghijklmnop"


@pytest.mark.parametrize("code", CALLS)
def test_calls_of_the_platform_are_found_and_comments_are_not(code):
    assert references.calls(code) == CALLS[code]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (f"Bearer {token({'role': 'service_role'})}", ("a token of role service_role",)),
        (f"{token({'role': 'anon'})} {token({'role': 'anon'})}", ("a token of role anon",)),
        (token({"sub": "x"}), ("a token of role ?",)),
        (token({"role": ["anon"]}), ("a token of role ?",)),
        (token({"role": "'; drop"}), ("a token of role ?",)),
        ("sb_secret_abcdefghij0123", ("a secret key of the project",)),
        ("postgresql://postgres:hunter2@db.abc.supabase.co/postgres", ("a database URL with its password",)),
        ("eyJ is how such a token begins", ()),
    ],
)
def test_secrets_are_told_by_their_kind_and_never_shown(text, found):
    assert references.secrets(text) == found


def test_the_projects_hosts_are_found_with_and_without_storage():
    text = "https://abc.supabase.co/rest/v1 https://abc.storage.supabase.co/x https://supabase.com/docs http://abc.supabase.co"
    assert references.addresses(text) == ("abc.storage.supabase.co", "abc.supabase.co")
