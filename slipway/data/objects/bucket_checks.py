"""The canary's checks that change the configuration of a bucket: only ever that of a scratch bucket."""

from __future__ import annotations

import json

from slipway.data.objects.conformance import Lab, Lacks, empty, expect


def versioning(lab: Lab) -> None:
    lab.client.put_bucket_versioning(Bucket=lab.bucket, VersioningConfiguration={"Status": "Enabled"})
    first = lab.client.put_object(Bucket=lab.bucket, Key=lab.key("version"), Body=b"first").get("VersionId")
    lab.put("version", b"second")
    expect(bool(first), "accepted, but a put gives no version")
    expect(lab.body(lab.key("version"), VersionId=first) == b"first", "the former version is lost")


def lifecycle(lab: Lab) -> None:
    rules = [{"ID": "canary", "Status": "Enabled", "Filter": {"Prefix": "gone/"}, "Expiration": {"Days": 1}}]
    lab.client.put_bucket_lifecycle_configuration(Bucket=lab.bucket, LifecycleConfiguration={"Rules": rules})
    found = lab.client.get_bucket_lifecycle_configuration(Bucket=lab.bucket)["Rules"]
    expect([rule["ID"] for rule in found] == ["canary"], "the rule is not kept")


def policy(lab: Lab) -> None:
    """A read policy for everybody must let an unsigned GET in, and its removal must shut it out."""
    key = lab.put("policy", b"open")
    text = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Principal": {"AWS": ["*"]},
                    "Action": ["s3:GetObject"],
                    "Resource": [f"arn:aws:s3:::{lab.bucket}/policy"],
                }
            ],
        }
    )
    lab.client.put_bucket_policy(Bucket=lab.bucket, Policy=text)
    url = f"{lab.client.meta.endpoint_url}/{lab.bucket}/{key}"
    opened = lab.http.get(url, timeout=20).status_code
    lab.client.delete_bucket_policy(Bucket=lab.bucket)
    shut = lab.http.get(url, timeout=20).status_code
    expect(opened == 200 and shut in (401, 403), f"unsigned GET: HTTP {opened} with the policy, {shut} without")


def cors(lab: Lab) -> None:
    rules = [{"AllowedOrigins": ["https://canary.example"], "AllowedMethods": ["GET"], "AllowedHeaders": ["*"]}]
    lab.client.put_bucket_cors(Bucket=lab.bucket, CORSConfiguration={"CORSRules": rules})
    url = f"{lab.client.meta.endpoint_url}/{lab.bucket}/{lab.put('cors')}"
    asked = {"Origin": "https://canary.example", "Access-Control-Request-Method": "GET"}
    answer = lab.http.options(url, headers=asked, timeout=20)
    expect("Access-Control-Allow-Origin" in answer.headers, f"preflight: HTTP {answer.status_code}, no origin allowed")


def object_lock(lab: Lab) -> None:
    """In a bucket of its own: a legal hold, which can be lifted again, must keep a version from being deleted."""
    from botocore.exceptions import ClientError

    bucket = f"{lab.bucket}-lock"
    lab.client.create_bucket(Bucket=bucket, ObjectLockEnabledForBucket=True)
    try:
        made = lab.client.put_object(Bucket=bucket, Key="held", Body=b"held")
        expect("VersionId" in made, "accepts a locked bucket, but keeps no versions in it")
        held = {"Bucket": bucket, "Key": "held", "VersionId": made["VersionId"]}
        lab.client.put_object_legal_hold(LegalHold={"Status": "ON"}, **held)
        try:
            lab.client.delete_object(**held)
            raise Lacks("deletes an object that is under a legal hold")
        except ClientError:
            lab.client.put_object_legal_hold(LegalHold={"Status": "OFF"}, **held)
    finally:
        empty(lab.client, bucket)
        lab.client.delete_bucket(Bucket=bucket)


# Versioning comes last: once it is on, the other checks would leave versions behind.
CHECKS = {"cors": cors, "policy": policy, "lifecycle": lifecycle, "object_lock": object_lock, "versioning": versioning}
