"""The caller's profile in Postgres."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, cast
from uuid import UUID

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from backend.adapters.postgres.users import in_utc
from backend.domain.errors import Invalid
from backend.domain.profiles import Profile, ProfileChanges

COLUMNS = sql.SQL(", ").join(sql.Identifier(each.name) for each in fields(Profile))
GET = sql.SQL("SELECT {} FROM profiles WHERE user_id = %(user)s").format(COLUMNS)
UPDATE = sql.SQL("UPDATE profiles SET {changes} WHERE user_id = %(user)s RETURNING {columns}")
CREATE = sql.SQL("INSERT INTO profiles (user_id, {names}) VALUES (%(user)s, {values}) RETURNING {columns}")


@dataclass(frozen=True)
class PostgresProfiles:
    """The profile of `user`, in the transaction of `connection`."""

    connection: AsyncConnection[Any]
    user: UUID

    async def get(self) -> Profile | None:
        """The profile, or None."""
        return await self.one(GET, {})

    async def put(self, changes: ProfileChanges) -> Profile:
        """The changed profile, made if there was none. Raises Invalid for a new one without a name."""
        given = changes.given()
        parts = [sql.SQL("{} = {}").format(sql.Identifier(name), sql.Placeholder(name)) for name in given]
        changed = await self.one(UPDATE.format(changes=sql.SQL(", ").join(parts), columns=COLUMNS), given)
        if changed:
            return changed
        if "display_name" not in given:
            raise Invalid("A new profile needs a display_name.")
        names = sql.SQL(", ").join(map(sql.Identifier, given))
        values = sql.SQL(", ").join(map(sql.Placeholder, given))
        made = await self.one(CREATE.format(names=names, values=values, columns=COLUMNS), given)
        return cast("Profile", made)  # INSERT … RETURNING gives the row or raises

    async def one(self, query: sql.Composed, values: dict[str, Any]) -> Profile | None:
        """The profile that `query` gives."""
        cursor = self.connection.cursor(row_factory=dict_row)
        row = await (await cursor.execute(query, {"user": self.user, **values})).fetchone()
        return row and Profile(**in_utc(row))
