"""auth.users and auth.identities, in the tables that Supabase's auth server has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg import AsyncConnection, errors
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from backend.adapters.postgres import inherited
from backend.domain.claims import Identity, NewUser, User
from backend.domain.errors import Conflict
from backend.domain.sessions import Inherited

PROVIDER = {"provider": "email", "providers": ["email"]}
INSTANCE = UUID(int=0)  # what Supabase's auth server writes, and looks for

USER = """
    SELECT id, email, phone, coalesce(role, '') AS role, coalesce(aud, '') AS aud,
           coalesce(raw_app_meta_data, '{}') AS app_metadata, coalesce(raw_user_meta_data, '{}') AS user_metadata,
           is_anonymous, created_at, updated_at, last_sign_in_at, email_confirmed_at, phone_confirmed_at, banned_until,
           deleted_at, encrypted_password
    FROM auth.users WHERE deleted_at IS NULL AND
"""

CREATE = """
    INSERT INTO auth.users (instance_id, id, aud, role, email, encrypted_password, email_confirmed_at, raw_app_meta_data,
        raw_user_meta_data, created_at, updated_at, last_sign_in_at, confirmation_token, recovery_token,
        email_change_token_new, email_change)
    VALUES (%(instance)s, %(id)s, 'authenticated', 'authenticated', %(email)s, %(stored)s, %(now)s, %(app)s,
        %(metadata)s, %(now)s, %(now)s, %(now)s, '', '', '', '')
    ON CONFLICT DO NOTHING RETURNING id
"""

IDENTIFY = """
    INSERT INTO auth.identities (provider_id, user_id, identity_data, provider, last_sign_in_at, created_at, updated_at)
    VALUES (%(id)s::text, %(id)s, %(data)s, 'email', %(now)s, %(now)s, %(now)s)
"""

IDENTITIES = """
    SELECT id, user_id, provider, provider_id, identity_data, email, last_sign_in_at, created_at, updated_at
    FROM auth.identities WHERE user_id = %s ORDER BY created_at, id
"""


@dataclass(frozen=True)
class PostgresUsers:
    """The logins, in the transaction of `connection`, whose role may see them."""

    connection: AsyncConnection[Any]

    async def by_email(self, email: str) -> User | None:
        """Who logs in with this address; an account of a company's own login is not found by it."""
        return await self.one("email = %s AND NOT is_sso_user", email)

    async def by_id(self, key: UUID) -> User | None:
        """The user, or None."""
        return await self.one("id = %s", key)

    async def one(self, which: str, value: Any) -> User | None:
        """The one user for whom the condition `which` holds."""
        cursor = self.connection.cursor(row_factory=dict_row)
        row = await (await cursor.execute(f"{USER} {which}", [value])).fetchone()
        return row and User(**in_utc(row))

    async def identities(self, key: UUID) -> Sequence[Identity]:
        """By which providers the user signs in."""
        cursor = self.connection.cursor(row_factory=dict_row)
        return [Identity(**in_utc(row)) for row in await (await cursor.execute(IDENTITIES, [key])).fetchall()]

    async def create(self, user: NewUser, now: datetime) -> User | None:
        """The user that was made, with the identity of an address; None when the address is taken."""
        key = uuid4()
        told = {"sub": str(key), "email": user.email, "email_verified": True, "phone_verified": False}
        values = {
            "instance": INSTANCE,
            "id": key,
            "email": user.email,
            "stored": user.encrypted_password,
            "app": Jsonb(PROVIDER),
            "metadata": Jsonb(dict(user.user_metadata)),
            "data": Jsonb(told),
            "now": now,
        }
        if not await (await self.connection.execute(CREATE, values)).fetchone():
            return None
        await self.connection.execute(IDENTIFY, values)
        return await self.by_id(key)

    async def delete(self, key: UUID) -> None:
        """Remove the user and what is theirs. Raises Conflict while they have objects in the store."""
        try:
            await self.connection.execute("DELETE FROM auth.users WHERE id = %s", [key])
        except (errors.ForeignKeyViolation, errors.RestrictViolation):
            raise Conflict("The account has objects in the store; delete them first.") from None

    async def signed_in(self, key: UUID, stored: str | None, now: datetime) -> bool:
        """Note the moment of a login; False when `stored` is the user's password no more, or the user is gone."""
        change = """
            UPDATE auth.users SET last_sign_in_at = %s
            WHERE id = %s AND deleted_at IS NULL AND encrypted_password IS NOT DISTINCT FROM %s
        """
        return (await self.connection.execute(change, [now, key, stored])).rowcount == 1

    async def inherit(self, token: str, now: datetime) -> Inherited | None:
        """The session that a refresh token of Supabase's is good for, which is used up by this; None where it is for none."""
        return await inherited.inherit(self.connection, token, now)

    async def inherited(self, session: UUID, now: datetime) -> Inherited | None:
        """A session of Supabase's while it is open, and as long as nobody has refreshed it here."""
        return await inherited.find(self.connection, session, now)

    async def disinherit(self, key: UUID, session: UUID | None = None) -> None:
        """End one of the user's sessions of Supabase's, or all."""
        await inherited.disinherit(self.connection, key, session)

    async def set_password(self, key: UUID, stored: str, now: datetime) -> None:
        """Store another hash."""
        change = "UPDATE auth.users SET encrypted_password = %s, updated_at = %s WHERE id = %s"
        await self.connection.execute(change, [stored, now, key])

    async def set_metadata(self, key: UUID, metadata: Mapping[str, Any], now: datetime) -> None:
        """Store what the user says of themselves."""
        change = "UPDATE auth.users SET raw_user_meta_data = %s, updated_at = %s WHERE id = %s"
        await self.connection.execute(change, [Jsonb(dict(metadata)), now, key])


def in_utc(row: dict[str, Any]) -> dict[str, Any]:
    """`row` with its moments in UTC: Postgres gives them in the zone of the session."""
    return {name: value.astimezone(UTC) if isinstance(value, datetime) else value for name, value in row.items()}
