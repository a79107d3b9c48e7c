"""The client of the S3 store, and whether it answers."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import Any

from backend.domain.readiness import DEADLINE, Check
from backend.settings import ObjectStore


@cache
def s3_client(store: ObjectStore, patience: float = DEADLINE, at_once: int = 10) -> Any:
    """A botocore S3 client for plain S3 servers as well as for AWS; building it takes some 200 ms, once.

    `patience` is in seconds, for each answer and each pause in one; `at_once` is how many connections are kept.
    """
    from botocore.config import Config
    from botocore.session import Session

    # when_required: the SDK's default checksums break ranged and conditional reads on several S3 servers.
    config = Config(
        signature_version="s3v4",
        s3={"addressing_style": "path"},
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        connect_timeout=DEADLINE,
        read_timeout=patience,
        max_pool_connections=at_once,
        retries={"total_max_attempts": 1},
    )
    return Session().create_client(
        "s3",
        endpoint_url=store.endpoint,
        region_name=store.region,
        config=config,
        aws_access_key_id=store.access_key,
        aws_secret_access_key=store.secret_key,
    )


def objects_check(store: ObjectStore) -> Check:
    """HeadBucket, in a thread because botocore blocks."""

    def head() -> None:
        s3_client(store).head_bucket(Bucket=store.bucket)

    async def check() -> None:
        await asyncio.to_thread(head)

    return check
