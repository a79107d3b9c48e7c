"""Sessions that users had on Supabase, in the tables of its auth server, where the database is a copy of a project's.

They become sessions of this backend with the first refresh: nobody has to log in anew. Then their row is used up here.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.rows import dict_row

from backend.domain import signed_tokens
from backend.domain.sessions import Client, Inherited, Method

THERE = "SELECT to_regclass('auth.refresh_tokens') IS NOT NULL AND to_regclass('auth.sessions') IS NOT NULL"
SESSION = """
    SELECT s.id, s.user_id, coalesce(s.aal::text, 'aal1') AS aal, coalesce(to_jsonb(s) ->> 'user_agent', '') AS agent,
           coalesce(to_jsonb(s) ->> 'ip', '') AS address, to_jsonb(s) ->> 'refresh_token_hmac_key' AS key,
           (to_jsonb(s) ->> 'refresh_token_counter')::bigint AS counter
    FROM auth.sessions s
"""
LIVES = "(s.not_after IS NULL OR s.not_after > %(now)s)"
BY_ROW = f"""
    {SESSION} JOIN auth.refresh_tokens t ON t.session_id = s.id
    WHERE t.token = %(token)s AND NOT coalesce(t.revoked, false) AND {LIVES} FOR UPDATE
"""
BY_ID = f"{SESSION} WHERE s.id = %(id)s AND {LIVES} FOR UPDATE"
METHODS = """
    SELECT authentication_method, updated_at FROM auth.mfa_amr_claims WHERE session_id = %s ORDER BY updated_at DESC
"""
# It is this backend's from now on, which knows when it ends.
USE_UP = "UPDATE auth.sessions SET not_after = %s WHERE id = %s"
END = "DELETE FROM auth.sessions WHERE user_id = %s AND coalesce(id = %s, true)"
AGENT = 300  # characters


async def inherit(connection: AsyncConnection[Any], token: str, now: datetime) -> Inherited | None:
    """The session that a refresh token of Supabase's is good for, which is used up by this; None where it is for none."""
    if not await is_there(connection):
        return None
    signed = signed_tokens.parse(token)
    row = await one(connection, BY_ID if signed else BY_ROW, token, signed.session if signed else None, now)
    if row is None or (signed and not (row["key"] and signed.counter == row["counter"] and signed.fits(row["key"]))):
        return None
    await connection.execute(USE_UP, [now, row["id"]])
    return made_of(row, await methods(connection, row["id"]))


async def find(connection: AsyncConnection[Any], session: UUID, now: datetime) -> Inherited | None:
    """Such a session while it is open, and as long as nobody has refreshed it."""
    if not await is_there(connection):
        return None
    row = await one(connection, BY_ID, None, session, now)
    return made_of(row, await methods(connection, session)) if row else None


async def disinherit(connection: AsyncConnection[Any], user: UUID, session: UUID | None = None) -> None:
    """End one of the user's such sessions, or all."""
    if await is_there(connection):
        await connection.execute(END, [user, session])


async def one(
    connection: AsyncConnection[Any], query: str, token: str | None, session: UUID | None, now: datetime
) -> dict[str, Any] | None:
    """The row of a session that is open, locked."""
    cursor = connection.cursor(row_factory=dict_row)
    return await (await cursor.execute(query, {"token": token, "id": session, "now": now})).fetchone()


async def is_there(connection: AsyncConnection[Any]) -> bool:
    """Whether the database has the tables."""
    row = await (await connection.execute(THERE)).fetchone()
    return bool(row and row[0])


async def methods(connection: AsyncConnection[Any], session: UUID) -> tuple[Method, ...]:
    """How its user showed who they are, the newest first."""
    rows = await (await connection.execute(METHODS, [session])).fetchall()
    return tuple(Method(name, at.astimezone(UTC)) for name, at in rows)


def made_of(row: Mapping[str, Any], amr: tuple[Method, ...]) -> Inherited:
    """The session of a row."""
    return Inherited(row["id"], row["user_id"], Client(row["agent"][:AGENT], row["address"]), row["aal"], amr)
