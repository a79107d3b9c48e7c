"""`supabase.objects`: the bytes of every row of storage.objects from the project into this stack's store."""

from __future__ import annotations

import time
from collections.abc import Iterator
from functools import partial
from typing import Any

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.mirror.crew import Tally, each
from slipway.data.mirror.reading import broken_off
from slipway.data.mirror.taking import store_of
from slipway.data.objects import client as objects
from slipway.data.objects import failures
from slipway.data.postgres import connection, scratch
from slipway.errors import GateError, VerificationError
from slipway.supabase.interface import Move, Moved
from slipway.supabase.objects import origins, rows
from slipway.supabase.objects.ledger import Ledger
from slipway.supabase.objects.origins import Origin
from slipway.supabase.objects.rows import Row
from slipway.supabase.objects.sending import Sent, Target, send

LEDGER = "supabase/objects.sqlite"
TRIES = 4
NAMED = 100


def move(ends: Endpoints, args: Move, emit: Emit) -> Moved:
    """Moves what is not here yet; several objects at once, in flat memory, each compared with the index.

    The index is that of this stack's database: copy it first. Raises SettingsError where nothing says where the bytes
    are, GateError with the answer of a store that does not give them.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    started = time.monotonic()
    target = objects.client(ends)
    bucket = ends.s3_buckets[0]
    with (
        scratch.maker(ends, scratch.database_of(ends)) as conn,
        connection.told(GateError, "storage.objects"),
        Ledger(ends.state_dir / LEDGER) as ledger,
    ):
        names = {name for (name,) in conn.execute("SELECT DISTINCT bucket_id FROM storage.objects")}
        origin = origins.choose(ends.supabase, args.tree, names)
        tally = Tally(emit, "objects", conn.execute(rows.TOTALS).fetchone()[1])
        put = partial(move_one, origin, target, bucket, tally)
        try:
            done = collect(each(put, new(rows.read(conn), ledger, target, bucket, tally), tally.stop), ledger)
            total = conn.execute(rows.TOTALS).fetchone()[0]
        except (BotoCoreError, ClientError, *broken_off()) as error:
            raise failures.store_error(error, "objects", store_of(ends)) from None
    return Moved(
        **done,
        same=total - done["put"] - done["absent"] - done["differing"],
        seconds=round(time.monotonic() - started, 3),
    )


def new(found: Iterator[Row], ledger: Ledger, target: Any, bucket: str, tally: Tally) -> Iterator[Row]:
    """The rows whose bytes are not here as the ledger says."""
    for row in found:
        known = ledger.size(row)
        if known is not None and stored_size(target, bucket, row.key) == known:
            tally.add(known)
        else:
            yield row


def stored_size(target: Any, bucket: str, key: str) -> int | None:
    from botocore.exceptions import ClientError

    try:
        return target.head_object(Bucket=bucket, Key=key)["ContentLength"]
    except ClientError as error:
        if objects.code_of(error) in failures.GONE:
            return None
        raise


def move_one(origin: Origin, client: Any, bucket: str, tally: Tally, row: Row) -> Sent | None:
    """One object, read again when the connection broke in the middle; None where the project has no bytes for it."""
    about = {"ContentType": row.content_type, "CacheControl": row.cache_control}
    target = Target(client, {"Bucket": bucket, "Key": row.key}, about)
    for number in range(TRIES):
        time.sleep(0 if number == 0 else 0.2 * 2**number)
        try:
            found = origin.open(row)
            if found is None:
                tally.add(row.size or 0)
                return None
            return send(target, row, found, tally)
        except (*broken_off(), OSError):
            if number == TRIES - 1:
                raise
    raise AssertionError("unreachable")


def collect(outcomes: Iterator[tuple[Row, Sent | None]], ledger: Ledger) -> dict:
    """Numbers, and the first names of what has no bytes or others."""
    put = bytes_ = absent = differing = 0
    absents: list[str] = []
    problems: list[str] = []
    for row, outcome in outcomes:
        if outcome is None:
            absent += 1
            absents += [row.label] if len(absents) < NAMED else []
        elif outcome.differs:
            differing += 1
            problems += [outcome.differs] if len(problems) < NAMED else []
        else:
            put, bytes_ = put + 1, bytes_ + outcome.size
            ledger.note(row, outcome.size, outcome.sha256)
    return {
        "put": put,
        "bytes": bytes_,
        "absent": absent,
        "differing": differing,
        "absents": tuple(absents),
        "problems": tuple(problems),
    }


def refuse_losses(moved: Moved) -> None:
    """Raises VerificationError, naming them, where objects of the index have no bytes or others."""
    lost = [*(f"{name}: the project has no bytes for it" for name in moved.absents), *moved.problems]
    if lost:
        raise VerificationError(
            "the objects",
            f"{moved.absent + moved.differing} of the index are not as it says: {lost[0]}",
            "bytes for every row of storage.objects",
            "delete the rows that have none from storage.objects, or find their bytes; then ./invoke supabase.objects",
            tuple(lost[1:]),
        )
