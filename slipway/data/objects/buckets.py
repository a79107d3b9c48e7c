"""The stack's buckets, and a record of what their store can really do."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from slipway.data import records
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.objects import client as objects
from slipway.data.objects import conformance, features
from slipway.data.objects.interface import Buckets, Establish, Feature
from slipway.data.progress import progress
from slipway.errors import GateError


def establish(ends: Endpoints, args: Establish, emit: Emit) -> Buckets:
    """Creates the missing buckets and, once for each endpoint and provider, tries out what the store can do.

    Raises GateError for a store without a core feature or one of S3_REQUIRE, naming who has it.
    """
    features.check_names(ends.s3_require)
    started = time.monotonic()
    client = objects.client(ends)
    created = tuple(bucket for bucket in ends.s3_buckets if make(client, bucket))
    prove_app(ends)
    record = records.read(ends.state_dir, "objects")
    fresh = args.canary or not is_current(record, ends)
    if fresh:
        record = {
            "endpoint": ends.s3_endpoint,
            "provider": ends.s3_provider,
            "version": conformance.VERSION,
            "features": try_out(client, ends, emit),
        }
    features.refuse_lacking(record["features"], ends.s3_require, ends.s3_provider)
    if "versioning" in ends.s3_require:
        turn_on_versioning(client, ends.s3_buckets)
    asked = {"buckets": list(ends.s3_buckets), "required": list(ends.s3_require)}
    records.write(ends.state_dir, "objects", record | asked)
    found = {name: Feature(**feature) for name, feature in record["features"].items()}
    return Buckets(created, found, "run" if fresh else "kept", round((time.monotonic() - started) * 1000, 1))


def prove_app(ends: Endpoints) -> None:
    """Whether the app's own key, where it has one, puts, reads and deletes in each bucket. Raises GateError."""
    if not ends.s3_app_access_key:
        return
    from botocore.exceptions import BotoCoreError, ClientError

    own = replace(ends, s3_access_key=ends.s3_app_access_key, s3_secret_key=ends.s3_app_secret_key)
    for bucket in ends.s3_buckets:
        try:
            objects.round_trip(objects.client(own), bucket)
        except (BotoCoreError, ClientError) as error:
            raise GateError(
                f"bucket {bucket} by S3_APP_ACCESS_KEY",
                objects.reason(error),
                "a key that may put, get, list and delete in every bucket of S3_BUCKETS",
                "docs/rights.md has the policy; then ./invoke up",
            ) from None


def try_out(client, ends: Endpoints, emit: Emit) -> dict[str, dict]:
    """The canary's findings. Raises GateError when the store does not let it begin or clean up."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        return conformance.run(
            client, ends, lambda text, done, total: progress(emit, f"objects: {text}", done, total, "files")
        )
    except (BotoCoreError, ClientError) as error:
        raise GateError(
            f"objects canary at {ends.s3_endpoint}",
            objects.reason(error),
            "a store that takes and removes scratch objects",
            "./invoke logs -s objects",
        ) from None


def is_current(record: dict, ends: Endpoints) -> bool:
    """Whether the record is of this store and of these checks."""
    return (record.get("endpoint"), record.get("provider"), record.get("version")) == (
        ends.s3_endpoint,
        ends.s3_provider,
        conformance.VERSION,
    )


def make(client, bucket: str) -> bool:
    """Creates a bucket; False when we have it already. Raises GateError with the store's reason."""
    with usable(bucket):
        return create_missing(client, bucket)


def create_missing(client, bucket: str) -> bool:
    """Creates a bucket; False when we have it already. Raises the client's errors."""
    from botocore.exceptions import ClientError

    if exists(client, bucket):
        return False
    try:
        client.create_bucket(Bucket=bucket)
    except ClientError as error:
        # Somebody made it between the two calls, or a store says so of a bucket that is ours.
        if objects.code_of(error) in objects.HELD_ALREADY:
            return False
        raise
    return True


def exists(client, bucket: str) -> bool:
    """Whether the bucket is there and ours. Raises the client's errors."""
    from botocore.exceptions import ClientError

    try:
        client.head_bucket(Bucket=bucket)
    except ClientError as error:
        if objects.code_of(error) not in ("404", "NoSuchBucket"):
            raise
        return False
    return True


@contextmanager
def usable(bucket: str) -> Iterator[None]:
    """Raises GateError where a store does not do what is asked for a bucket."""
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        yield
    except (BotoCoreError, ClientError) as error:
        raise GateError(
            f"bucket {bucket}",
            objects.reason(error),
            "a bucket that these keys may make and use",
            "./invoke logs -s objects",
        ) from None


def turn_on_versioning(client, buckets: tuple[str, ...]) -> None:
    """Raises GateError when a bucket does not report versioning as enabled afterwards."""
    for bucket in buckets:
        with usable(bucket):
            if client.get_bucket_versioning(Bucket=bucket).get("Status") == "Enabled":
                continue
            client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})
            status = client.get_bucket_versioning(Bucket=bucket).get("Status", "absent")
        if status != "Enabled":
            raise GateError(
                f"bucket {bucket}",
                f"versioning is {status} after it was turned on",
                "Enabled",
                "./invoke logs -s objects",
            )
