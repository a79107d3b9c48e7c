"""The object store through plain S3 calls: a client that every provider understands, and its failures in words."""

from __future__ import annotations

import secrets
from datetime import datetime

from slipway.data.endpoints import Endpoints, need
from slipway.errors import GateError, SettingsError
from slipway.system import transient
from slipway.system.wait import NotYet

NO_BUCKET = {"NoSuchBucket"}
KEYS_REFUSED = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "AccessDenied", "InvalidToken", "Forbidden"}
HELD_ALREADY = {"BucketAlreadyOwnedByYou", "BucketAlreadyExists"}
GATE = ".slipway-gate"  # where the gate puts its scratch objects


def client(ends: Endpoints, attempts: int = transient.STORE_TRIES):
    """A boto3 client with path-style addresses, bounded times and `attempts` tries.

    Checksums only where an operation demands them: newer boto3 adds them to every request, and several providers
    (rclone, R2) store or return them wrongly.
    """
    need(ends.s3_endpoint, "S3_ENDPOINT", "http://host:9000")
    need(ends.s3_access_key, "S3_ACCESS_KEY", "the access key of the store")
    need(ends.s3_secret_key, "S3_SECRET_KEY", "the secret key of the store")
    import boto3
    from botocore.config import Config
    from botocore.session import get_session

    config = Config(
        s3={"addressing_style": "path"},
        signature_version="s3v4",
        connect_timeout=3,
        read_timeout=20,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"total_max_attempts": attempts, "mode": "standard"},
        # A store of the stack's own is reached directly; None: by the proxy that the environment names, if it does.
        proxies=None if ends.s3_provider == "external" else {},
    )
    core = get_session()
    core.get_component("response_parser_factory").set_parser_defaults(timestamp_parser=moment)
    session = boto3.session.Session(
        aws_access_key_id=ends.s3_access_key.value,
        region_name=ends.s3_region,
        aws_secret_access_key=ends.s3_secret_key.value,
        botocore_session=core,
    )
    try:
        return session.client("s3", endpoint_url=ends.s3_endpoint, config=config)
    except ValueError:
        raise SettingsError("S3_ENDPOINT", ends.s3_endpoint, "http://host:port", "edit S3_ENDPOINT in .env") from None


def moment(text: str) -> datetime:
    """A time of an answer. Listings have it in ISO form, which need not be guessed: that halves the time they take."""
    from botocore.utils import parse_timestamp

    try:
        return datetime.fromisoformat(text)
    except (TypeError, ValueError):
        return parse_timestamp(text)


def code_of(error: Exception) -> str:
    """The S3 error code, or nothing when the failure was not an answer of the store."""
    return str((getattr(error, "response", None) or {}).get("Error", {}).get("Code", ""))


def reason(error: Exception) -> str:
    """What went wrong, on one line."""
    answer = getattr(error, "response", None) or {}
    if not answer.get("Error"):
        return " ".join(f"{type(error).__name__}: {error}".split())[:200]
    status = answer.get("ResponseMetadata", {}).get("HTTPStatusCode", "")
    text = " ".join(str(answer["Error"].get("Message", "")).split())
    return f"{answer['Error'].get('Code', '')} {text} (HTTP {status})"[:200]


def prove(s3, buckets: tuple[str, ...]) -> str:
    """Puts, reads back and deletes a scratch object in the first bucket that exists; returns that bucket, or nothing.

    Raises NotYet when more time may help, GateError when the keys are refused.
    """
    from botocore.exceptions import BotoCoreError, ClientError

    try:
        for bucket in buckets:
            if round_trip(s3, bucket):
                return bucket
        s3.list_buckets()
        return ""
    except ClientError as error:
        if code_of(error) in KEYS_REFUSED:
            raise GateError(
                "objects gate",
                reason(error),
                "the access key and secret key that the store was made with",
                "./invoke logs -s objects",
            ) from None
        raise NotYet(reason(error)) from None
    except BotoCoreError as error:
        raise NotYet(reason(error)) from None


def round_trip(s3, bucket: str) -> bool:
    """Whether the bucket exists; if so, a scratch object went there and back. Raises NotYet for other bytes."""
    from botocore.exceptions import ClientError

    key, body = f"{GATE}/{secrets.token_hex(8)}", secrets.token_bytes(64)
    try:
        s3.put_object(Bucket=bucket, Key=key, Body=body)
    except ClientError as error:
        if code_of(error) in NO_BUCKET:
            return False
        raise
    try:
        found = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    finally:
        s3.delete_object(Bucket=bucket, Key=key)
    if found != body:
        raise NotYet(f"bucket {bucket} gave back other bytes than were put")
    return True
