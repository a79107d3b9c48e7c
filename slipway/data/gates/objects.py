"""The gate of the object store."""

from __future__ import annotations

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.progress import teller
from slipway.system.wait import wait


def gate(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """Waits until the object store takes, returns and deletes a scratch object; {"gate", "ms", "tries", "bucket"}.

    Before any bucket exists, a signed ListBuckets that answers is enough: the buckets come next.
    Raises GateError at the deadline, or at once when the keys are refused.
    """
    from slipway.data.objects import client as store

    client = store.client(ends, attempts=1)
    used = {"bucket": ""}

    def probe() -> None:
        used["bucket"] = store.prove(client, ends.s3_buckets)

    return (
        wait(
            "objects",
            probe,
            ends.gate_timeout,
            tell=teller(emit),
            expected=f"put, get and delete at {ends.s3_endpoint}",
        )
        | used
    )
