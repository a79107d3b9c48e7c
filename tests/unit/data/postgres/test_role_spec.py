"""The role split as data, its mark, and the reading of stored passwords."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from slipway.data.postgres import role_spec, scram
from slipway.errors import SettingsError

PASSWORDS = {"shop_app": "one", "shop_migrate": "two"}


def test_only_the_owner_cannot_log_in_and_only_those_who_read_everything_pass_row_security() -> None:
    roles = role_spec.split("shop").roles
    shared = ["anon", "authenticated", "service_role", "supabase_auth_admin"]
    assert [role.name for role in roles if not role.login] == [*shared, "shop_owner"]
    assert [role.name for role in roles if role.bypass_rls] == ["service_role", "shop_readonly", "shop_backup"]


def test_the_app_acts_as_others_and_inherits_from_nobody_and_never_is_the_service_role() -> None:
    acting = {role.name: role.acts_as for role in role_spec.split("shop").roles if role.acts_as}
    assert acting == {"shop_app": ("anon", "authenticated", "supabase_auth_admin")}
    assert role_spec.app_role("shop").member_of == ()


def test_names_that_postgres_would_cut_are_refused() -> None:
    assert role_spec.split("x" * 54).named("readonly") == "x" * 54 + "_readonly"
    for name in ("x" * 55, "ж" * 28):
        with pytest.raises(SettingsError, match=r"database name of 5[56] bytes"):
            role_spec.split(name)


def test_nobody_gets_anything_by_being_public() -> None:
    assert {grantee for _, grantee, _ in role_spec.default_privileges(role_spec.split("shop"))} == {
        "shop_app",
        "shop_readonly",
        "shop_backup",
    }


@pytest.mark.parametrize("part", ("readonly", "backup"))
def test_who_only_reads_is_granted_nothing_that_writes(part: str) -> None:
    granted = role_spec.default_privileges(role_spec.split("shop"))
    assert {privilege for _, grantee, privilege in granted if grantee == f"shop_{part}"} == {"SELECT", "USAGE"}


def test_the_mark_is_of_names_and_passwords_and_salt() -> None:
    mark = role_spec.fingerprint("00" * 16, "shop", PASSWORDS)
    others = [
        role_spec.fingerprint("01" * 16, "shop", PASSWORDS),
        role_spec.fingerprint("00" * 16, "shop2", PASSWORDS),
        role_spec.fingerprint("00" * 16, "shop", {**PASSWORDS, "shop_app": "three"}),
    ]
    assert mark not in others and mark == role_spec.fingerprint("00" * 16, "shop", dict(reversed(PASSWORDS.items())))


@pytest.mark.parametrize(
    "record", [{}, {"salt": "00"}, {"salt": "no hex", "fingerprint": "x"}, {"salt": "00", "fingerprint": "x"}]
)
def test_a_record_that_is_not_of_these_roles_is_not_current(record: dict[str, str]) -> None:
    assert not role_spec.is_current(record, "shop", PASSWORDS)


def test_a_record_of_these_roles_is_current() -> None:
    record = {"salt": "0a" * 16, "fingerprint": role_spec.fingerprint("0a" * 16, "shop", PASSWORDS)}
    assert role_spec.is_current(record, "shop", PASSWORDS) and not role_spec.is_current(record, "shop", {})


@pytest.mark.parametrize(
    ("password", "prepared"),
    [
        ("plain", "plain"),
        ("a\u00a0b", "a b"),
        ("I\u00adX", "IX"),
        ("\u00aa", "a"),
        ("\u2168", "IX"),
        ("\u0007é", "\u0007é"),
        ("\u0627\u0031", "\u0627\u0031"),
        ("\u00ad", "\u00ad"),
        ("пароль", "пароль"),
    ],
)
def test_saslprep_examples(password: str, prepared: str) -> None:
    assert scram.prepared(password) == prepared


@settings(max_examples=60, deadline=None)
@given(st.text(min_size=1, max_size=12).filter(lambda text: "\x00" not in text and text.isprintable()))
def test_a_verifier_made_by_libpq_is_recognised(password: str) -> None:
    """libpq is the oracle: PQencryptPasswordConn is what psql's own password command uses."""
    from psycopg import pq

    conn = pq.PGconn.connect(b"host=127.0.0.1 port=1 connect_timeout=2")
    try:
        verifier = conn.encrypt_password(password.encode(), b"x", b"scram-sha-256").decode()
    finally:
        conn.finish()
    assert scram.matches(verifier, password) and not scram.matches(verifier, password + "x")


@pytest.mark.parametrize("verifier", [None, "", "md5abc", "SCRAM-SHA-256$4096:AA==$AA==:AA==", "SCRAM-SHA-256$x:y$z:w"])
def test_what_is_no_verifier_matches_nothing(verifier: str | None) -> None:
    assert not scram.matches(verifier, "password")
