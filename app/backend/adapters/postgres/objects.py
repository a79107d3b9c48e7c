"""storage.buckets and storage.objects, in the tables that Supabase's storage server has."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from psycopg import AsyncConnection, errors, sql
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from backend.adapters.postgres.users import in_utc
from backend.domain.errors import Conflict
from backend.domain.object_names import FolderSlice, ObjectSlice
from backend.domain.objects import (
    DEFAULT_TYPE,
    Bucket,
    NewUpload,
    Received,
    StoredObject,
    Upload,
    key_of,
    metadata,
)

BUCKETS = """
    SELECT id, name, coalesce(public, false) AS public, file_size_limit, allowed_mime_types,
           coalesce(created_at, 'epoch') AS created_at, coalesce(updated_at, 'epoch') AS updated_at
    FROM storage.buckets
"""
COLUMNS = sql.SQL(
    "id, bucket_id, name, version, metadata, coalesce(created_at, 'epoch') AS created_at, coalesce(updated_at, 'epoch') AS updated_at"
)
LIST = sql.SQL("""
    SELECT {columns} FROM storage.objects
    WHERE bucket_id = %(bucket)s AND starts_with(name, %(prefix)s) AND name COLLATE "C" >= %(prefix)s
      AND (%(after)s::text IS NULL OR name COLLATE "C" > %(after)s)
    ORDER BY name COLLATE "C" LIMIT %(rows)s
""").format(columns=COLUMNS)
FOLDER = sql.SQL("""
    WITH inside AS (
        SELECT *, substr(name, char_length(%(folder)s) + 1) AS rest FROM storage.objects
        WHERE bucket_id = %(bucket)s AND starts_with(name, %(folder)s) AND name COLLATE "C" >= %(folder)s
    ), entries AS (
        SELECT rest AS name, id, updated_at, created_at, last_accessed_at, metadata FROM inside WHERE strpos(rest, '/') = 0
        UNION ALL
        SELECT DISTINCT split_part(rest, '/', 1), NULL::uuid, NULL::timestamptz, NULL::timestamptz, NULL::timestamptz, NULL::jsonb
        FROM inside WHERE strpos(rest, '/') > 0
    )
    SELECT name, id::text, updated_at, created_at, last_accessed_at, metadata FROM entries
    WHERE starts_with(lower(name), lower(%(search)s))
    ORDER BY {column} {order} NULLS FIRST, name COLLATE "C" LIMIT %(limit)s OFFSET %(offset)s
""")
# Which row an overwrite is for: whoever may not change it meets the name as taken.
BEFORE = "SELECT id, version FROM storage.objects WHERE bucket_id = %(bucket)s AND name = %(name)s FOR UPDATE"
CHANGE = sql.SQL("""
    UPDATE storage.objects SET version = %(version)s, metadata = %(metadata)s, updated_at = now(), last_accessed_at = now()
    WHERE id = %(id)s RETURNING {columns}
""").format(columns=COLUMNS)
# Without RETURNING: a policy may let somebody store what they may not see.
CREATE = """
    INSERT INTO storage.objects (id, bucket_id, name, owner, owner_id, version, metadata, created_at, updated_at)
    VALUES (%(id)s, %(bucket_id)s, %(name)s, %(owner)s, %(owner)s::text, %(version)s, %(metadata)s, %(now)s, %(now)s)
"""
DELETE = sql.SQL("DELETE FROM storage.objects WHERE bucket_id = %s AND name = ANY(%s) RETURNING {columns}").format(
    columns=COLUMNS
)


@dataclass(frozen=True)
class PostgresObjects:
    """The index as the transaction of `connection` may see it; what is made belongs to `user`."""

    connection: AsyncConnection[Any]
    user: UUID | None

    async def buckets(self) -> Sequence[Bucket]:
        """The buckets, by their ids."""
        cursor = self.connection.cursor(row_factory=dict_row)
        rows = await (await cursor.execute(f"{BUCKETS} ORDER BY id")).fetchall()
        return [Bucket(**in_utc(row)) for row in rows]

    async def bucket(self, key: str) -> Bucket | None:
        """The bucket, or None."""
        cursor = self.connection.cursor(row_factory=dict_row)
        row = await (await cursor.execute(f"{BUCKETS} WHERE id = %s", [key])).fetchone()
        return row and Bucket(**in_utc(row))

    async def get(self, bucket: str, name: str) -> StoredObject | None:
        """The object, or None."""
        query = sql.SQL("SELECT {columns} FROM storage.objects WHERE bucket_id = %s AND name = %s").format(
            columns=COLUMNS
        )
        return next(iter(await self.rows(query, [bucket, name])), None)

    async def list(self, bucket: str, part: ObjectSlice) -> Sequence[StoredObject]:
        """The rows of `part`, and one more when a next page exists."""
        values = {"bucket": bucket, "prefix": part.prefix, "after": part.after, "rows": part.limit + 1}
        return await self.rows(LIST, values)

    async def folder(self, bucket: str, part: FolderSlice) -> Sequence[Mapping[str, Any]]:
        """What is directly in a folder: objects, and folders, which have no id."""
        order = sql.SQL("DESC" if part.descending else "ASC")
        query = FOLDER.format(column=sql.Identifier(part.column), order=order)
        cursor = self.connection.cursor(row_factory=dict_row)
        rows = await (await cursor.execute(query, {"bucket": bucket, **asdict(part)})).fetchall()
        return [in_utc(row) for row in rows]

    async def allowed(self, upload: NewUpload) -> None:
        """Raise Forbidden or Conflict when `put` would; leaves nothing behind."""
        now = datetime.now(UTC)
        tried = Upload(UUID(int=0), "", *parts(upload), upload.overwrite, None, now)
        async with self.connection.transaction(force_rollback=True):
            await self.put(tried, metadata(tried, Received(upload.size, ""), now))

    async def put(self, upload: Upload, metadata: Mapping[str, Any]) -> tuple[StoredObject, str | None]:
        """The object, and the key of the bytes that it had before. Raises Forbidden or Conflict."""
        place = {"bucket": upload.bucket_id, "name": upload.name}
        values = {"version": str(upload.id), "metadata": Jsonb(dict(metadata))}
        if upload.overwrite and (row := await (await self.connection.execute(BEFORE, place)).fetchone()):
            changed = await self.rows(CHANGE, {**values, "id": row[0]})
            return changed[0], key_of(upload.bucket_id, upload.name, row[1])
        now = datetime.now(UTC)
        made = {"id": uuid4(), "bucket_id": upload.bucket_id, "name": upload.name, "version": values["version"]}
        try:
            await self.connection.execute(CREATE, {**made, **values, "owner": self.user, "now": now})
        except errors.UniqueViolation:
            raise Conflict("There is an object of that name already.") from None
        return object_of({**made, "metadata": metadata, "created_at": now, "updated_at": now}), None

    async def delete(self, bucket: str, names: Sequence[str]) -> Sequence[StoredObject]:
        """Those that were there, and were removed."""
        return await self.rows(DELETE, [bucket, list(names)])

    async def rows(self, query: sql.Composed, values: Any) -> Sequence[StoredObject]:
        """The objects that `query` gives."""
        cursor = self.connection.cursor(row_factory=dict_row)
        found = await (await cursor.execute(query, values)).fetchall()
        return [object_of(in_utc(row)) for row in found]


def parts(upload: NewUpload) -> tuple[str, str, int, str, str]:
    """What an upload has of what is wanted."""
    return upload.bucket_id, upload.name, upload.size, upload.content_type, upload.cache_control


def object_of(row: dict[str, Any]) -> StoredObject:
    """The object in `row`, which has COLUMNS. Its metadata may be of any server of Supabase's, or missing."""
    told = row.pop("metadata") or {}
    size = told.get("size")
    return StoredObject(
        **row,
        size=size if isinstance(size, int) else 0,
        content_type=printable(told.get("mimetype")) or DEFAULT_TYPE,
        etag=printable(told.get("eTag")).strip('"'),
        cache_control=printable(told.get("cacheControl")) or "no-cache",
    )


def printable(value: Any) -> str:
    """`value` where a header can hold it, else nothing: rows can come from anywhere."""
    return value if isinstance(value, str) and value.isascii() and value.isprintable() else ""
