"""The canary's checks that change the configuration of a bucket: only ever that of a scratch bucket."""

from __future__ import annotations

import json

from slipway.data.objects.scratch import Scratch, Unsupported, empty, expect


def versioning(scratch: Scratch) -> None:
    scratch.client.put_bucket_versioning(Bucket=scratch.bucket, VersioningConfiguration={"Status": "Enabled"})
    first = scratch.client.put_object(Bucket=scratch.bucket, Key=scratch.key("version"), Body=b"first").get("VersionId")
    scratch.put("version", b"second")
    expect(bool(first), "accepted, but a put gives no version")
    expect(scratch.body(scratch.key("version"), VersionId=first) == b"first", "the former version is lost")


def lifecycle(scratch: Scratch) -> None:
    rules = [{"ID": "canary", "Status": "Enabled", "Filter": {"Prefix": "gone/"}, "Expiration": {"Days": 1}}]
    scratch.client.put_bucket_lifecycle_configuration(Bucket=scratch.bucket, LifecycleConfiguration={"Rules": rules})
    found = scratch.client.get_bucket_lifecycle_configuration(Bucket=scratch.bucket)["Rules"]
    expect([rule["ID"] for rule in found] == ["canary"], "the rule is not kept")


def policy(scratch: Scratch) -> None:
    """A read policy for everybody must let an unsigned GET in, and its removal must shut it out."""
    key = scratch.put("policy", b"open")
    text = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": ["*"]},
                    "Action": ["s3:GetObject"],
                    "Resource": [f"arn:aws:s3:::{scratch.bucket}/policy"],
                }
            ],
        }
    )
    scratch.client.put_bucket_policy(Bucket=scratch.bucket, Policy=text)
    url = f"{scratch.client.meta.endpoint_url}/{scratch.bucket}/{key}"
    opened = scratch.http.get(url, timeout=20).status_code
    scratch.client.delete_bucket_policy(Bucket=scratch.bucket)
    shut = scratch.http.get(url, timeout=20).status_code
    expect(opened == 200 and shut in (401, 403), f"unsigned GET: HTTP {opened} with the policy, {shut} without")


def cors(scratch: Scratch) -> None:
    rules = [{"AllowedOrigins": ["https://canary.example"], "AllowedMethods": ["GET"], "AllowedHeaders": ["*"]}]
    scratch.client.put_bucket_cors(Bucket=scratch.bucket, CORSConfiguration={"CORSRules": rules})
    url = f"{scratch.client.meta.endpoint_url}/{scratch.bucket}/{scratch.put('cors')}"
    asked = {"Origin": "https://canary.example", "Access-Control-Request-Method": "GET"}
    answer = scratch.http.options(url, headers=asked, timeout=20)
    expect("Access-Control-Allow-Origin" in answer.headers, f"preflight: HTTP {answer.status_code}, no origin allowed")


def object_lock(scratch: Scratch) -> None:
    """In a bucket of its own: a legal hold, which can be lifted again, must keep a version from being deleted."""
    from botocore.exceptions import ClientError

    bucket = f"{scratch.bucket}-lock"
    scratch.client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    try:
        made = scratch.client.put_object(Bucket=bucket, Key="held", Body=b"held")
        expect("VersionId" in made, "accepts a locked bucket, but keeps no versions in it")
        held = {"Bucket": bucket, "Key": "held", "VersionId": made["VersionId"]}
        scratch.client.put_object_legal_hold(LegalHold={"Status": "ON"}, **held)
        try:
            scratch.client.delete_object(**held)
            raise Unsupported("deletes an object that is under a legal hold")
        except ClientError:
            scratch.client.put_object_legal_hold(LegalHold={"Status": "OFF"}, **held)
    finally:
        empty(scratch.client, bucket)
        scratch.client.delete_bucket(Bucket=bucket)


# Versioning comes last: once it is on, the other checks would leave versions behind.
CHECKS = {"cors": cors, "policy": policy, "lifecycle": lifecycle, "object_lock": object_lock, "versioning": versioning}
