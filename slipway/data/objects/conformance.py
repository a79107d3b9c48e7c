"""Tries out an object store on scratch objects, by result and not by status: some stores say 200 and do otherwise."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from slipway.data.endpoints import Endpoints
from slipway.data.objects import client as objects
from slipway.data.objects import features

VERSION = 1
SCRATCH = "slipway-canary-"
ABANDONED = timedelta(minutes=5)


class Lacks(Exception):
    """A check's finding that the store does not do this; the text says what it did instead."""


def expect(good: bool, otherwise: str) -> None:
    """Raises Lacks with the finding unless the store did the right thing."""
    if not good:
        raise Lacks(otherwise)


@dataclass(frozen=True)
class Lab:
    """Where the checks work: a client, a plain HTTP session, and a scratch bucket with a prefix for the keys.

    `own` is False when no scratch bucket could be made and the prefix lies in a bucket that holds real data: then
    nothing may change the bucket's own configuration.
    """

    client: object
    http: object
    bucket: str
    prefix: str
    own: bool

    def key(self, name: str) -> str:
        return self.prefix + name

    def put(self, name: str, body: bytes = b"slipway", **more) -> str:
        """Puts a scratch object and returns its key."""
        self.client.put_object(Bucket=self.bucket, Key=self.key(name), Body=body, **more)
        return self.key(name)

    def body(self, key: str, **more) -> bytes:
        return self.client.get_object(Bucket=self.bucket, Key=key, **more)["Body"].read()


def session():
    """An HTTP session that goes straight to the store, past any proxy of the environment."""
    import requests

    made = requests.Session()
    made.trust_env = False
    return made


def run(client, ends: Endpoints, tell: Callable[[str, int, int], None]) -> dict[str, dict]:
    """{feature: {"ok": bool, "reason": text}}; whatever was made in the store is removed again."""
    from slipway.data.objects import bucket_checks, object_checks

    checks = object_checks.CHECKS | bucket_checks.CHECKS
    sweep(client)
    with session() as http:
        lab = open_lab(client, http, ends)
        found: dict[str, dict] = {}
        try:
            for index, (name, check) in enumerate(checks.items(), 1):
                found[name] = attempt(lab, check, name in bucket_checks.CHECKS)
                if lack := features.KNOWN_LACKS.get((ends.s3_provider, name)):
                    found[name] = {"ok": False, "reason": lack}
                tell(f"{name} {'ok' if found[name]['ok'] else 'absent'}", index, len(checks))
        finally:
            close_lab(lab)
    return found


def sweep(client) -> None:
    """Removes what a canary that was killed left behind, and leaves one that may be running alone."""
    from botocore.exceptions import ClientError

    try:
        buckets = client.list_buckets().get("Buckets", ())
    except ClientError:
        return  # Keys that may not list made no scratch bucket either.
    now = datetime.now(UTC)
    for bucket in buckets:
        if bucket["Name"].startswith(SCRATCH) and now - bucket["CreationDate"] > ABANDONED:
            empty(client, bucket["Name"])
            client.delete_bucket(Bucket=bucket["Name"])


def open_lab(client, http, ends: Endpoints) -> Lab:
    """A scratch bucket; with keys that may not make one, a prefix in the first bucket of the stack."""
    from botocore.exceptions import ClientError

    name = f"{SCRATCH}{secrets.token_hex(6)}"
    try:
        client.create_bucket(Bucket=name)
        return Lab(client, http, name, "", own=True)
    except ClientError:
        if not ends.s3_buckets:
            raise
        return Lab(client, http, ends.s3_buckets[0], f".{name}/", own=False)


def attempt(lab: Lab, check: Callable[[Lab], None], changes_bucket: bool) -> dict:
    """One check as its finding."""
    from botocore.exceptions import BotoCoreError, ClientError
    from requests import RequestException

    if changes_bucket and not lab.own:
        return {"ok": False, "reason": "not tried: these keys may not make a scratch bucket"}
    try:
        check(lab)
    except Lacks as finding:
        return {"ok": False, "reason": str(finding)}
    except (BotoCoreError, ClientError, RequestException, KeyError, ValueError) as error:
        return {"ok": False, "reason": objects.reason(error)}
    return {"ok": True, "reason": ""}


def close_lab(lab: Lab) -> None:
    empty(lab.client, lab.bucket, lab.prefix)
    if lab.own:
        lab.client.delete_bucket(Bucket=lab.bucket)


def empty(client, bucket: str, prefix: str = "") -> None:
    """Removes every object, version, delete marker and unfinished upload below a prefix."""
    for page in client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix):
        for entry in page.get("Contents", ()):
            client.delete_object(Bucket=bucket, Key=entry["Key"])
    for entry in list_optional(client, "list_object_versions", ("Versions", "DeleteMarkers"), bucket, prefix):
        client.delete_object(Bucket=bucket, Key=entry["Key"], VersionId=entry["VersionId"])
    for entry in list_optional(client, "list_multipart_uploads", ("Uploads",), bucket, prefix):
        client.abort_multipart_upload(Bucket=bucket, Key=entry["Key"], UploadId=entry["UploadId"])


def list_optional(client, operation: str, fields: tuple[str, ...], bucket: str, prefix: str) -> list[dict]:
    """What an optional listing names; a store that does not know the listing has nothing of the kind."""
    from botocore.exceptions import ClientError

    try:
        pages = list(client.get_paginator(operation).paginate(Bucket=bucket, Prefix=prefix))
    except ClientError:
        return []
    return [entry for page in pages for field in fields for entry in page.get(field, ())]
