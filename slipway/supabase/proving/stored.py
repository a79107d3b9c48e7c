"""The bytes of every object: read from this stack's store, and compared with what the project and the move say of them."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.mirror import listing
from slipway.data.mirror.crew import Tally, each
from slipway.data.mirror.pool import PIECE
from slipway.data.mirror.reading import broken_off
from slipway.data.mirror.taking import store_of
from slipway.data.objects import client as objects
from slipway.data.objects import failures
from slipway.supabase.objects import origins
from slipway.supabase.objects.move import TRIES
from slipway.supabase.objects.origins import Origin
from slipway.supabase.objects.rows import Row
from slipway.supabase.proving.wanted import Wanted


@dataclass(frozen=True)
class Judged:
    """What is wrong with one object, or why nobody knows; `absent` where the project has no bytes for it either."""

    differs: str = ""
    unknown: str = ""
    absent: bool = False


@dataclass(frozen=True)
class Stored:
    """Objects that differ, those that nothing is known of, what to say else, and rows that never had bytes."""

    differ: list[str]
    unknown: list[str]
    well: str
    absent: list[str]


def compare(ends: Endpoints, wanted: Wanted, tree: str, emit: Emit) -> Stored:
    """Reads every object of the store once, several at a time. Raises GateError with the answer of a store that fails."""
    from botocore.exceptions import BotoCoreError, ClientError

    number, total = wanted.totals()
    if not ends.s3_endpoint:
        return Stored([], [f"{number:,} objects: the stack has no store"] if number else [], "there are none", [])
    try:
        return read(ends, origin_of(ends, wanted, tree), wanted, Tally(emit, "reading objects", total))
    except (BotoCoreError, ClientError, *broken_off()) as error:
        raise failures.store_error(error, "objects", store_of(ends)) from None


def origin_of(ends: Endpoints, wanted: Wanted, tree: str) -> Origin | None:
    """Where the project's own bytes are, if that is known."""
    names, project = wanted.buckets(), ends.supabase
    return origins.choose(project, tree, names) if names and (tree or project.s3_endpoint or project.url) else None


def read(ends: Endpoints, origin: Origin | None, wanted: Wanted, tally: Tally) -> Stored:
    target, bucket = objects.client(ends), ends.s3_buckets[0]
    good, others = 0, []
    for (row, _), judged in each(partial(judge, target, bucket, origin, tally), wanted.items(), tally.stop):
        good += judged == Judged()
        others += [(row, judged)] if judged != Judged() else []
    differ = [f"{row.label}: {judged.differs}" for row, judged in others if judged.differs]
    differ += [f"{it.key}: bytes without a row" for it in listing.entries(target, bucket) if not wanted.has(it.key)]
    unknown = [f"{row.label}: {judged.unknown}" for row, judged in others if judged.unknown]
    absent = [f"{row.label}: the project has no bytes for it" for row, judged in others if judged.absent]
    if absent and not good and not differ:
        unknown.append("none of them has bytes, neither here nor where the settings say that the project's are")
    return Stored(sorted(differ), sorted(unknown), f"{good:,} have the bytes that they had", sorted(absent))


def judge(target: Any, bucket: str, origin: Origin | None, tally: Tally, item: tuple[Row, str | None]) -> Judged:
    """One object of the store against the size and ETag of its row, and against the hash of what was moved."""
    row, moved = item
    found = digest(target, bucket, row, tally)
    if found is None:
        return Judged(absent=True) if origin and origin.open(row) is None else Judged("no bytes")
    size, sha256, md5 = found
    if row.size is not None and size != row.size:
        return Judged(f"{size:,} bytes instead of {row.size:,}")
    if (row.md5 and md5 != row.md5) or (moved and sha256 != moved):
        return Judged("other bytes")
    return (
        Judged() if row.md5 or moved else Judged(unknown="no hash of it is known; ./invoke supabase.objects notes one")
    )


def digest(target: Any, bucket: str, row: Row, tally: Tally) -> tuple[int, str, str] | None:
    """Size, sha256 and md5 of an object, in flat memory; read again when the connection broke; None where there is none."""
    from botocore.exceptions import ClientError

    for number in range(TRIES):
        time.sleep(0 if number == 0 else 0.2 * 2**number)
        size, hashes = 0, (hashlib.sha256(), hashlib.md5(usedforsecurity=False))
        try:
            for piece in target.get_object(Bucket=bucket, Key=row.key)["Body"].iter_chunks(PIECE):
                size += len(piece)
                for each_hash in hashes:
                    each_hash.update(piece)
                tally.add(len(piece))
        except ClientError as error:
            if objects.code_of(error) in failures.GONE:
                return None
            raise
        except broken_off():
            if number == TRIES - 1:
                raise
            continue
        return size, hashes[0].hexdigest(), hashes[1].hexdigest()
    raise AssertionError("unreachable")
