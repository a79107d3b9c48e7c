"""Accounts in auth.users as a project that left Supabase has them, written by the role that may."""

from __future__ import annotations

from typing import Any
from uuid import UUID, uuid4

import psycopg

PASSWORD = "correct horse battery"
BCRYPT = "$2a$10$nT2RmY6wYSgTlR3Hy7L1x.JWL5V6LFbX11ITPCx9AaB0aAnAhv.zu"  # of demo-password-2026


def account(database_url: str, **columns: Any) -> tuple[UUID, str]:
    """A row of auth.users, confirmed and with the demo user's password unless `columns` say else; its id and address."""
    key = uuid4()
    row = {
        "id": key,
        "email": f"{key}@example.org",
        "aud": "authenticated",
        "role": "authenticated",
        "encrypted_password": BCRYPT,
        "email_confirmed_at": "2026-01-05 09:00:00+00",
        "created_at": "2026-01-05 09:00:00+00",
        "updated_at": "2026-01-05 09:00:00+00",
    } | columns
    with psycopg.connect(database_url) as connection:
        connection.execute("SELECT set_config('role', 'supabase_auth_admin', true)")
        names, marks = ", ".join(row), ", ".join(["%s"] * len(row))
        connection.execute(f"INSERT INTO auth.users ({names}) VALUES ({marks})", list(row.values()))
    return key, row["email"]


def stored_password(database_url: str, key: UUID) -> str:
    """The hash that the row has by now."""
    with psycopg.connect(database_url) as connection:
        connection.execute("SELECT set_config('role', 'supabase_auth_admin', true)")
        row = connection.execute("SELECT encrypted_password FROM auth.users WHERE id = %s", [key]).fetchone()
    assert row is not None
    return str(row[0])
