"""The gate of the object store."""

from __future__ import annotations

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.gates.interface import ObjectsOpened
from slipway.data.progress import teller
from slipway.data.verb import Nothing
from slipway.system.wait import wait


def gate(ends: Endpoints, args: Nothing, emit: Emit) -> ObjectsOpened:
    """Waits until the object store takes, returns and deletes a scratch object.

    Before any bucket exists, a signed ListBuckets that answers is enough: the buckets come next.
    Raises GateError at the deadline, or at once when the keys are refused.
    """
    from slipway.data.objects import client as store

    client = store.client(ends, attempts=1)
    bucket = ""

    def probe() -> None:
        nonlocal bucket
        bucket = store.prove(client, ends.s3_buckets)

    expected = f"put, get and delete at {ends.s3_endpoint}"
    opened = wait("objects", probe, ends.gate_timeout, tell=teller(emit), expected=expected)
    return ObjectsOpened(opened.gate, opened.ms, opened.tries, bucket)
