"""Idempotency keys: what a request made the first time it came. They are kept for a day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection
from psycopg.types.json import Jsonb
from pydantic import TypeAdapter

from backend.domain.errors import Invalid
from backend.domain.requests import RequestKey
from backend.domain.tasks import Task

TASK = TypeAdapter(Task)
# What is older than a day is no answer any more. Somebody else who is just claiming the key is waited for.
CLAIM = """
    INSERT INTO idempotency_keys AS k (user_id, key, request_hash) VALUES (%(user)s, %(key)s, %(content)s)
    ON CONFLICT (user_id, key) DO UPDATE
        SET request_hash = excluded.request_hash, response = NULL, status = NULL, created_at = now()
        WHERE k.created_at < now() - interval '24 hours'
    RETURNING key
"""
FIND = "SELECT request_hash, response FROM idempotency_keys WHERE user_id = %(user)s AND key = %(key)s"
REMEMBER = "UPDATE idempotency_keys SET status = 201, response = %(made)s WHERE user_id = %(user)s AND key = %(key)s"
EXPIRE = "DELETE FROM idempotency_keys"  # of which row level security lets the app, as nobody, reach the expired alone


@dataclass(frozen=True)
class PostgresKeys:
    """The keys of `user`, in the transaction of `connection`."""

    connection: AsyncConnection[Any]
    user: UUID

    async def claim(self, key: RequestKey) -> Task | None:
        """None for a key that is new, which is the user's from now on; else what was made with it."""
        values = {"user": self.user, "key": key.text, "content": bytes.fromhex(key.content)}
        if await (await self.connection.execute(CLAIM, values)).fetchone():
            return None
        found = await (await self.connection.execute(FIND, values)).fetchone()
        if found is None or bytes(found[0]).hex() != key.content:
            raise Invalid("This Idempotency-Key was sent with another request; choose a new one for each.")
        return TASK.validate_python(found[1])

    async def remember(self, key: RequestKey, made: Task) -> None:
        """Keep what was made with the key."""
        values = {"user": self.user, "key": key.text, "made": Jsonb(TASK.dump_python(made, mode="json"))}
        await self.connection.execute(REMEMBER, values)
