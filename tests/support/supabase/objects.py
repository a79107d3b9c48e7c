"""The project's buckets and objects: rows of the index, and files as Supabase's file backend lays them out."""

from __future__ import annotations

import errno
import hashlib
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg.types.json import Jsonb

from tests.support.supabase.passwords import USER

# A self-hosted project is called so, and so is its one S3 bucket; both are folders of the tree.
TENANT = "stub"
CACHE = "max-age=3600"
CHUNK = 65536
SEVENTY = "everything-that-anybody-has-ever-uploaded-to-this-project-until-today1"
# id, public, most bytes of an object, types.
BUCKETS = (
    ("profile_images", True, 5 * 2**20, ["image/png", "image/*"]),
    ("private files", False, None, None),
    ("Invoices", False, 2**40, ["application/pdf"]),
    ("v1", False, None, None),
    (SEVENTY, False, None, None),
    ("documents", False, None, None),
    ("empty", True, None, []),
)


@dataclass(frozen=True)
class Stored:
    """One object. `size` is that of a pattern of bytes; without a row, or without bytes, it is a fault of the source."""

    bucket: str
    name: str
    size: int
    kind: str = "text/plain;charset=UTF-8"
    owner: str | None = None
    about: dict | None = None
    versioned: bool = True
    has_row: bool = True
    has_bytes: bool = True

    @property
    def version(self) -> str | None:
        return str(uuid.uuid5(uuid.NAMESPACE_URL, f"{self.bucket}/{self.name}")) if self.versioned else None

    def chunks(self) -> Iterator[bytes]:
        """The bytes, which differ between objects and between the chunks of one."""
        for begin in range(0, self.size, CHUNK):
            seed = hashlib.sha256(f"{self.bucket}/{self.name}@{begin}".encode()).digest()
            yield (seed * (CHUNK // len(seed)))[: self.size - begin]

    def digest(self, algorithm: str) -> str:
        made = hashlib.new(algorithm, usedforsecurity=False)
        for chunk in self.chunks():
            made.update(chunk)
        return made.hexdigest()

    def path(self) -> str:
        """Below the tree's root. An object is a folder of that name, which holds the file of its version."""
        parts = (TENANT, TENANT, self.bucket, self.name, self.version)
        return "/".join(part for part in parts if part)


def objects(large: int) -> list[Stored]:
    """All of them; the largest has that many bytes."""
    ada, ben = USER["ada"], USER["ben"]
    return [
        Stored("profile_images", f"{ada}/portrait.png", 4321, "image/png", ada, {"alt": "Ada", "crop": [1, 2.5]}),
        Stored("profile_images", "default.png", 77, "image/png"),
        Stored("private files", f"{ada}/a", 10, owner=ada),
        Stored("private files", f"{ada}/a/b", 11, owner=ada),
        Stored("private files", f"{ada}/nothing.txt", 0, owner=ada),
        Stored("private files", f"{ada}/new folder/.emptyFolderPlaceholder", 0, "application/octet-stream", ada),
        Stored("private files", f"{ben}/Überblick – 資料 🦆.txt", 200, owner=ben, about={"title": "Überblick"}),
        Stored("private files", f"{ben}/50% off + more, 100%25 & so on.txt", 300, owner=ben),
        Stored("private files", f"{ben}/ends with a blank ", 5, owner=ben),
        Stored("private files", "north/plan.txt", 70000, owner=ada),
        Stored("Invoices", "2023/old.pdf", 999, "application/pdf", versioned=False),
        Stored("Invoices", "2024/lost.pdf", 1000, "application/pdf", ada, has_bytes=False),
        Stored("Invoices", "2024/unknown.pdf", 1001, "application/pdf", has_row=False),
        Stored("v1", "." + "long-name-" * 12, 1, "application/octet-stream"),
        Stored(SEVENTY, "deep/" * 30 + "file", 3),
        Stored("documents", "large.bin", large, "application/octet-stream", ben),
    ]


def fill(conn: psycopg.Connection, stored: list[Stored]) -> None:
    """Writes the index, as the storage server's own role. One upload in parts is under way."""
    conn.cursor().executemany(
        "insert into storage.buckets (id, name, public, file_size_limit, allowed_mime_types) values (%s, %s, %s, %s, %s)",
        [(bucket, bucket, *rest) for bucket, *rest in BUCKETS],
    )
    conn.cursor().executemany(
        "insert into storage.objects (bucket_id, name, owner, owner_id, metadata, user_metadata, version)"
        " values (%s, %s, %s, %s, %s, %s, %s)",
        [row(each) for each in stored if each.has_row],
    )
    conn.execute(
        "insert into storage.s3_multipart_uploads (id, in_progress_size, upload_signature, bucket_id, key, version)"
        " values ('upload-1', 5242880, 'signature', 'documents', 'half.bin', 'version-1')"
    )
    conn.execute(
        "insert into storage.s3_multipart_uploads_parts (upload_id, size, part_number, bucket_id, key, etag, version)"
        " values ('upload-1', 5242880, 1, 'documents', 'half.bin', 'etag-1', 'version-1')"
    )


def row(each: Stored) -> tuple:
    told = {
        "eTag": f'"{each.digest("md5")}"',
        "size": each.size,
        "mimetype": each.kind,
        "cacheControl": CACHE,
        "lastModified": "2025-03-01T10:00:00.000Z",
        "contentLength": each.size,
        "httpStatusCode": 200,
    }
    about = None if each.about is None else Jsonb(each.about)
    return each.bucket, each.name, each.owner, each.owner, Jsonb(told), about, each.version


def lay_out(root: Path, stored: list[Stored]) -> bool:
    """Writes the files. Says whether the file system has kept type and cache control beside each, as attributes."""
    return all([write(root / each.path(), each) for each in stored if each.has_bytes])


def write(path: Path, each: Stored) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as file:
        file.writelines(each.chunks())
    try:
        os.setxattr(path, "user.supabase.content-type", each.kind.encode())
        os.setxattr(path, "user.supabase.cache-control", CACHE.encode())
    except OSError as failed:
        if failed.errno not in (errno.ENOTSUP, errno.EPERM):
            raise
        return False
    return True
