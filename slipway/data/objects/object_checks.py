"""The canary's checks on objects: each does one thing to scratch objects and looks at what came of it."""

from __future__ import annotations

import hashlib
import secrets

from slipway.data.objects.scratch import Scratch, expect

PART = 5 * 1024 * 1024  # S3's smallest size of a part that is not the last


def put(scratch: Scratch) -> None:
    scratch.put("put")


def get(scratch: Scratch) -> None:
    body = secrets.token_bytes(4096)
    expect(scratch.body(scratch.put("get", body)) == body, "gives back other bytes than were put")


def head(scratch: Scratch) -> None:
    key = scratch.put("head", b"x" * 1234)
    size = scratch.client.head_object(Bucket=scratch.bucket, Key=key)["ContentLength"]
    expect(size == 1234, f"HEAD says {size} bytes of 1234")


def listing(scratch: Scratch) -> None:
    """Unicode and blanks in keys, and pages that join without a gap."""
    keys = sorted(scratch.put(f"list/{name}") for name in ("a", "b c", "д", "e/f"))
    pages = scratch.client.get_paginator("list_objects_v2").paginate(
        Bucket=scratch.bucket, Prefix=scratch.key("list/"), PaginationConfig={"PageSize": 2}
    )
    found = sorted(entry["Key"] for page in pages for entry in page.get("Contents", ()))
    expect(found == keys, f"lists {len(found)} of {len(keys)} keys in pages of 2")


def ranged(scratch: Scratch) -> None:
    answer = scratch.client.get_object(
        Bucket=scratch.bucket, Key=scratch.put("range", b"0123456789"), Range="bytes=2-4"
    )
    body, status = answer["Body"].read(), answer["ResponseMetadata"]["HTTPStatusCode"]
    expect(body == b"234", f"a range of 3 bytes brings {len(body)}")
    expect(status == 206, f"right bytes, but HTTP {status} instead of 206")


def multipart(scratch: Scratch) -> None:
    """Two parts; the last may be small, and the answer is read in pieces: this tool's own memory counts too."""
    key, first, second = scratch.key("multipart"), secrets.token_bytes(PART), secrets.token_bytes(1024)
    names = {"Bucket": scratch.bucket, "Key": key}
    upload = names | {"UploadId": scratch.client.create_multipart_upload(**names)["UploadId"]}
    parts = [
        {"PartNumber": number, "ETag": scratch.client.upload_part(PartNumber=number, Body=body, **upload)["ETag"]}
        for number, body in ((1, first), (2, second))
    ]
    scratch.client.complete_multipart_upload(MultipartUpload={"Parts": parts}, **upload)
    wanted = hashlib.sha256(first)
    wanted.update(second)
    found = hashlib.sha256()
    for piece in scratch.client.get_object(Bucket=scratch.bucket, Key=key)["Body"].iter_chunks(65536):
        found.update(piece)
    expect(found.digest() == wanted.digest(), "the joined object is not its parts")


def presign(scratch: Scratch) -> None:
    """GET and PUT by a signed URL without keys; a forged signature must be refused."""
    body, key = secrets.token_bytes(512), scratch.key("presign")
    names = {"Bucket": scratch.bucket, "Key": key}
    url = scratch.client.generate_presigned_url("put_object", Params=names, ExpiresIn=60)
    status = scratch.http.put(url, data=body, timeout=20).status_code
    expect(status in (200, 204), f"PUT by a signed URL: HTTP {status}")
    url = scratch.client.generate_presigned_url("get_object", Params=names, ExpiresIn=60)
    answer = scratch.http.get(url, timeout=20)
    expect(answer.content == body, f"GET by a signed URL: HTTP {answer.status_code}, other bytes")
    forged = url[:-1] + ("0" if url[-1] != "0" else "1")
    expect(scratch.http.get(forged, timeout=20).status_code >= 400, "a forged signature is let in")


def copy(scratch: Scratch) -> None:
    source, target = scratch.put("copy-source", b"to be copied"), scratch.key("copy-target")
    scratch.client.copy_object(Bucket=scratch.bucket, Key=target, CopySource={"Bucket": scratch.bucket, "Key": source})
    expect(scratch.body(target) == b"to be copied", "the copy is not its source")


def absent(scratch: Scratch, key: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        scratch.client.head_object(Bucket=scratch.bucket, Key=key)
        return False
    except ClientError:
        return True


def delete(scratch: Scratch) -> None:
    key = scratch.put("delete")
    scratch.client.delete_object(Bucket=scratch.bucket, Key=key)
    expect(absent(scratch, key), "the object is there after its deletion")


def delete_many(scratch: Scratch) -> None:
    keys = [scratch.put(f"many/{number}") for number in range(3)]
    scratch.client.delete_objects(Bucket=scratch.bucket, Delete={"Objects": [{"Key": key} for key in keys]})
    left = sum(not absent(scratch, key) for key in keys)
    expect(left == 0, f"{left} of {len(keys)} objects are there after their deletion")


def metadata(scratch: Scratch) -> None:
    key = scratch.put("metadata", Metadata={"owner": "canary"}, ContentType="application/x-slipway")
    found = scratch.client.head_object(Bucket=scratch.bucket, Key=key)
    kept = {name.lower(): value for name, value in found.get("Metadata", {}).items()}
    expect(kept == {"owner": "canary"}, "user metadata is lost")
    expect(found.get("ContentType") == "application/x-slipway", "the content type is lost")


def conditional_put(scratch: Scratch) -> None:
    """If-None-Match: * must not overwrite: locks and create-only writes rest on it."""
    from botocore.exceptions import ClientError

    key = scratch.put("conditional", b"first")
    try:
        scratch.put("conditional", b"second", IfNoneMatch="*")
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        expect(status in (409, 412), f"HTTP {status} instead of 412")
    expect(scratch.body(key) == b"first", "ignores If-None-Match and overwrites")


def tagging(scratch: Scratch) -> None:
    key = scratch.put("tagging", b"body to keep")
    try:
        scratch.client.put_object_tagging(
            Bucket=scratch.bucket, Key=key, Tagging={"TagSet": [{"Key": "purpose", "Value": "canary"}]}
        )
    finally:
        expect(scratch.body(key) == b"body to keep", "dangerous: tagging an object overwrites its content")
    tags = scratch.client.get_object_tagging(Bucket=scratch.bucket, Key=key)["TagSet"]
    expect(tags == [{"Key": "purpose", "Value": "canary"}], "tags are not kept")


def acl(scratch: Scratch) -> None:
    key = scratch.put("acl", b"body to keep")
    try:
        scratch.client.put_object_acl(Bucket=scratch.bucket, Key=key, ACL="private")
    finally:
        expect(scratch.body(key) == b"body to keep", "dangerous: setting an object's ACL overwrites its content")


def post_form(scratch: Scratch) -> None:
    key = scratch.key("post-form")
    form = scratch.client.generate_presigned_post(scratch.bucket, key, ExpiresIn=60)
    answer = scratch.http.post(form["url"], data=form["fields"], files={"file": b"by form"}, timeout=20)
    expect(answer.status_code in (200, 201, 204), f"upload by form: HTTP {answer.status_code}")
    expect(scratch.body(key) == b"by form", "the form's file is not what was stored")


CHECKS = {
    "put": put,
    "get": get,
    "head": head,
    "list": listing,
    "range": ranged,
    "multipart": multipart,
    "presign": presign,
    "copy": copy,
    "delete": delete,
    "delete_many": delete_many,
    "metadata": metadata,
    "conditional_put": conditional_put,
    "tagging": tagging,
    "acl": acl,
    "post_form": post_form,
}
