"""Buckets and objects, as the project's index has them."""

from __future__ import annotations

import re
from collections.abc import Iterator

from slipway.supabase.interface import BY_HAND, CHANGES, MOVES, STAYS, Finding
from slipway.supabase.inventory.project import Project, counted
from slipway.units import size

# Amazon S3's rules for names of buckets, which MinIO has too.
BUCKET = re.compile(r"(?!.*\.\.)(?!\d+\.\d+\.\d+\.\d+$)[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
BUCKETS = """
SELECT b.id, b.public, coalesce(to_jsonb(b)->>'type', 'STANDARD'), count(o.id),
    coalesce(sum((o.metadata->>'size')::numeric), 0)::bigint, count(o.id) FILTER (WHERE o.metadata IS NULL)
FROM storage.buckets b LEFT JOIN storage.objects o ON o.bucket_id = b.id GROUP BY b.id, b.public, 3 ORDER BY 1
"""
# A name under another one: a store that keeps objects as files has no place for both.
NESTED = """
SELECT count(*) FROM storage.objects o WHERE EXISTS (SELECT FROM storage.objects p WHERE p.bucket_id = o.bucket_id
    AND p.name = ANY (SELECT array_to_string((string_to_array(o.name, '/'))[1:n], '/')
    FROM generate_series(1, array_length(string_to_array(o.name, '/'), 1) - 1) n))
"""
UPLOADS = "SELECT count(*) FROM storage.s3_multipart_uploads"


def find(project: Project) -> Iterator[Finding]:
    yield from project.there("objects", "storage.objects")
    if not project.has("storage.objects") or not project.has("storage.buckets"):
        return
    for name, public, kind, objects, bytes_, unknown in project.rows(BUCKETS):
        yield bucket(name, public, kind, objects, bytes_, unknown)
    if number := project.rows(NESTED)[0][0]:
        note = "a store that keeps objects as files cannot have both: the app here names its objects otherwise"
        yield Finding("objects", f"{counted(number, 'object')} under the name of another", CHANGES, note)
    if project.has("storage.s3_multipart_uploads") and (number := project.rows(UPLOADS)[0][0]):
        yield Finding("objects", counted(number, "unfinished upload"), STAYS, "begun again by whoever uploads")


def bucket(name: str, public: bool, kind: str, objects: int, bytes_: int, unknown: int) -> Finding:
    """One bucket: whether S3 takes its name, and what is in it."""
    notes = [f"{'public' if public else 'private'}, {counted(objects, 'object')}, {size(bytes_)}"]
    if kind != "STANDARD":
        return Finding("bucket", name, STAYS, f"of type {kind}; no S3 store has these")
    if unknown:
        notes.append(f"{counted(unknown, 'row')} without a size: their upload was never finished")
    if BUCKET.fullmatch(name):
        return Finding("bucket", name, MOVES, "; ".join(notes))
    return Finding(
        "bucket", name, CHANGES, "; ".join((*notes, "S3 refuses this name: kept as a name of the app's index"))
    )


def no_bytes() -> Finding:
    """What nobody can tell without the store itself."""
    note = "whether each has its bytes is seen when they are copied"
    return Finding("objects", "bytes of the objects", BY_HAND, note)
