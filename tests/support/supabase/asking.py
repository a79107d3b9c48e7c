"""What somebody sees of a Supabase project: one transaction with a role and claims, as its API asks."""

from __future__ import annotations

import json

from psycopg import sql

from tests.support.supabase.passwords import USER
from tests.support.supabase.source import Source


def claims(name: str, **app_metadata: str) -> dict:
    """Those of an access token of this user."""
    return {"sub": USER[name], "role": "authenticated", "aud": "authenticated", "app_metadata": app_metadata}


def ask(project: Source, query: str, role: str, who: dict | None = None) -> list[tuple]:
    """The rows that this role gets with these claims. What the query changes is taken back."""
    with project.connect("authenticator") as conn, conn.transaction(force_rollback=True):
        conn.execute(sql.SQL("set local role {}").format(sql.Identifier(role)))
        if who is not None:
            conn.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(who)])
        return conn.execute(query).fetchall()
