"""The rows of storage.objects, and where the bytes of each are in this stack's store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import psycopg

ROWS = """
SELECT bucket_id, name, version, metadata, to_jsonb(objects)->>'updated_at' FROM storage.objects
WHERE bucket_id IS NOT NULL AND name IS NOT NULL AND NOT coalesce((to_jsonb(objects)->>'is_delete_marker')::boolean, false)
ORDER BY bucket_id, name
"""
TOTALS = """
SELECT count(*), coalesce(sum(CASE WHEN metadata->>'size' ~ '^[0-9]+$' THEN (metadata->>'size')::numeric END), 0)::bigint
FROM storage.objects
"""
PAGE = 2_000  # rows in memory at a time
DEFAULT_TYPE = "application/octet-stream"


@dataclass(frozen=True)
class Row:
    """One object of the index. `size` and `md5` are None where the index does not say them.

    `mark` is another one when the object was overwritten, also under a key that has no version.
    """

    bucket: str
    name: str
    version: str | None
    size: int | None
    md5: str | None
    content_type: str
    cache_control: str
    mark: str = ""

    @property
    def label(self) -> str:
        return f"{self.bucket}/{self.name}"

    @property
    def key(self) -> str:
        """In the store: as Supabase has it below its tenant, and as the app in app/ reads it."""
        return self.label if self.version is None else f"{self.label}/{self.version}"


def read(conn: psycopg.Connection) -> Iterator[Row]:
    """Every row, in order, a page at a time. Begins a transaction, which ends with the iterator."""
    with conn.transaction(), conn.cursor(name="objects") as cursor:
        conn.execute("SET LOCAL timezone = 'UTC'")  # so that both sides write a time alike
        cursor.itersize = PAGE
        cursor.execute(ROWS)
        for bucket, name, version, told, updated in cursor:
            yield row(bucket, name, version, told or {}, updated)


def row(bucket: str, name: str, version: str | None, told: Mapping, updated: str | None = None) -> Row:
    size, etag = told.get("size"), str(told.get("eTag") or "").strip('"').lower()
    is_md5 = len(etag) == 32 and not set(etag) - set("0123456789abcdef")
    return Row(
        bucket,
        name,
        version,
        size if isinstance(size, int) and size >= 0 else None,
        etag if is_md5 else None,  # of an upload in parts it is a hash of hashes
        printable(told.get("mimetype")) or DEFAULT_TYPE,
        printable(told.get("cacheControl")) or "no-cache",
        f"{etag} {told.get('lastModified') or updated or ''}",
    )


def printable(value: object) -> str:
    """A text that a header can hold, or nothing."""
    return value if isinstance(value, str) and value.isascii() and value.isprintable() else ""
