"""storage_uploads: bytes in the S3 store that no row of storage.objects holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from psycopg import AsyncConnection, sql
from psycopg.rows import dict_row

from backend.adapters.postgres.users import in_utc
from backend.domain.objects import NewUpload, Upload, key_of

COLUMNS = sql.SQL("id, key, bucket_id, name, size, content_type, cache_control, overwrite, multipart_id, expires_at")
CREATE = sql.SQL("""
    INSERT INTO storage_uploads (id, owner_id, key, bucket_id, name, size, content_type, cache_control, overwrite, multipart_id)
    VALUES (%(id)s, %(owner)s, %(key)s, %(bucket)s, %(name)s, %(size)s, %(type)s, %(cache)s, %(overwrite)s, %(multipart)s)
    RETURNING {columns}
""").format(columns=COLUMNS)
LIVE = sql.SQL("owner_id = %s AND id = %s AND expires_at > now()")
DISCARD = """
    INSERT INTO storage_uploads (owner_id, key, bucket_id, name, expires_at)
    VALUES (%s, %s, %s, %s, now() + %s) ON CONFLICT (key) DO NOTHING
"""
# In no order: what a store does not want to remove must not stand in the way of the rest.
EXPIRED = sql.SQL("""
    SELECT {columns} FROM storage_uploads WHERE expires_at <= now()
    ORDER BY random() LIMIT %s FOR UPDATE SKIP LOCKED
""").format(columns=COLUMNS)


@dataclass(frozen=True)
class PostgresUploads:
    """The uploads of `user`, or what is to be swept, in the transaction of `connection`."""

    connection: AsyncConnection[Any]
    user: UUID | None

    async def create(self, key: UUID, upload: NewUpload, multipart_id: str | None) -> Upload:
        """The upload that was made."""
        values = {
            "id": key,
            "owner": self.user,
            "key": key_of(upload.bucket_id, upload.name, key),
            "bucket": upload.bucket_id,
            "name": upload.name,
            "size": upload.size,
            "type": upload.content_type,
            "cache": upload.cache_control,
            "overwrite": upload.overwrite,
            "multipart": multipart_id,
        }
        return (await self.rows(CREATE, values))[0]

    async def get(self, key: UUID) -> Upload | None:
        """The upload, or None."""
        query = sql.SQL("SELECT {columns} FROM storage_uploads WHERE {live}").format(columns=COLUMNS, live=LIVE)
        return next(iter(await self.rows(query, [self.user, key])), None)

    async def take(self, key: UUID) -> Upload | None:
        """The upload, which is no longer there then: another transaction that wants it waits for this one."""
        query = sql.SQL("DELETE FROM storage_uploads WHERE {live} RETURNING {columns}").format(
            columns=COLUMNS, live=LIVE
        )
        return next(iter(await self.rows(query, [self.user, key])), None)

    async def give_up(self, key: UUID) -> bool:
        """Let it be swept; False when there is no such upload."""
        change = sql.SQL("UPDATE storage_uploads SET expires_at = now() WHERE {live}").format(live=LIVE)
        return (await self.connection.execute(change, [self.user, key])).rowcount == 1

    async def discard(self, bucket: str, name: str, key: str, wait: timedelta) -> None:
        """Let the bytes at `key` be swept after `wait`."""
        await self.connection.execute(DISCARD, [self.user, key, bucket, name, wait])

    async def expired(self, most: int) -> Sequence[Upload]:
        """Some to be swept, which no other transaction is at work on."""
        return await self.rows(EXPIRED, [most])

    async def forget(self, key: UUID) -> None:
        """Remove what was swept."""
        await self.connection.execute("DELETE FROM storage_uploads WHERE id = %s", [key])

    async def rows(self, query: Any, values: Any) -> list[Upload]:
        """The uploads that `query` gives."""
        cursor = self.connection.cursor(row_factory=dict_row)
        return [Upload(**in_utc(row)) for row in await (await cursor.execute(query, values)).fetchall()]
