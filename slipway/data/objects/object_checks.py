"""The canary's checks on objects: each does one thing to scratch objects and looks at what came of it."""

from __future__ import annotations

import hashlib
import secrets

from slipway.data.objects.conformance import Lab, expect

PART = 5 * 1024 * 1024  # S3's smallest size of a part that is not the last


def put(lab: Lab) -> None:
    lab.put("put")


def get(lab: Lab) -> None:
    body = secrets.token_bytes(4096)
    expect(lab.body(lab.put("get", body)) == body, "gives back other bytes than were put")


def head(lab: Lab) -> None:
    key = lab.put("head", b"x" * 1234)
    size = lab.client.head_object(Bucket=lab.bucket, Key=key)["ContentLength"]
    expect(size == 1234, f"HEAD says {size} bytes of 1234")


def listing(lab: Lab) -> None:
    """Unicode and blanks in keys, and pages that join without a gap."""
    keys = sorted(lab.put(f"list/{name}") for name in ("a", "b c", "д", "e/f"))
    pages = lab.client.get_paginator("list_objects_v2").paginate(
        Bucket=lab.bucket, Prefix=lab.key("list/"), PaginationConfig={"PageSize": 2}
    )
    found = sorted(entry["Key"] for page in pages for entry in page.get("Contents", ()))
    expect(found == keys, f"lists {len(found)} of {len(keys)} keys in pages of 2")


def ranged(lab: Lab) -> None:
    answer = lab.client.get_object(Bucket=lab.bucket, Key=lab.put("range", b"0123456789"), Range="bytes=2-4")
    body, status = answer["Body"].read(), answer["ResponseMetadata"]["HTTPStatusCode"]
    expect(body == b"234", f"a range of 3 bytes brings {len(body)}")
    expect(status == 206, f"right bytes, but HTTP {status} instead of 206")


def multipart(lab: Lab) -> None:
    """Two parts; the last may be small, and the answer is read in pieces: this tool's own memory counts too."""
    key, first, second = lab.key("multipart"), secrets.token_bytes(PART), secrets.token_bytes(1024)
    names = {"Bucket": lab.bucket, "Key": key}
    upload = names | {"UploadId": lab.client.create_multipart_upload(**names)["UploadId"]}
    parts = [
        {"PartNumber": number, "ETag": lab.client.upload_part(PartNumber=number, Body=body, **upload)["ETag"]}
        for number, body in ((1, first), (2, second))
    ]
    lab.client.complete_multipart_upload(MultipartUpload={"Parts": parts}, **upload)
    wanted = hashlib.sha256(first)
    wanted.update(second)
    found = hashlib.sha256()
    for piece in lab.client.get_object(Bucket=lab.bucket, Key=key)["Body"].iter_chunks(65536):
        found.update(piece)
    expect(found.digest() == wanted.digest(), "the joined object is not its parts")


def presign(lab: Lab) -> None:
    """GET and PUT by a signed URL without keys; a forged signature must be refused."""
    body, key = secrets.token_bytes(512), lab.key("presign")
    names = {"Bucket": lab.bucket, "Key": key}
    url = lab.client.generate_presigned_url("put_object", Params=names, ExpiresIn=60)
    status = lab.http.put(url, data=body, timeout=20).status_code
    expect(status in (200, 204), f"PUT by a signed URL: HTTP {status}")
    url = lab.client.generate_presigned_url("get_object", Params=names, ExpiresIn=60)
    answer = lab.http.get(url, timeout=20)
    expect(answer.content == body, f"GET by a signed URL: HTTP {answer.status_code}, other bytes")
    forged = url[:-1] + ("0" if url[-1] != "0" else "1")
    expect(lab.http.get(forged, timeout=20).status_code >= 400, "a forged signature is let in")


def copy(lab: Lab) -> None:
    source, target = lab.put("copy-source", b"to be copied"), lab.key("copy-target")
    lab.client.copy_object(Bucket=lab.bucket, Key=target, CopySource={"Bucket": lab.bucket, "Key": source})
    expect(lab.body(target) == b"to be copied", "the copy is not its source")


def absent(lab: Lab, key: str) -> bool:
    from botocore.exceptions import ClientError

    try:
        lab.client.head_object(Bucket=lab.bucket, Key=key)
        return False
    except ClientError:
        return True


def delete(lab: Lab) -> None:
    key = lab.put("delete")
    lab.client.delete_object(Bucket=lab.bucket, Key=key)
    expect(absent(lab, key), "the object is there after its deletion")


def delete_many(lab: Lab) -> None:
    keys = [lab.put(f"many/{number}") for number in range(3)]
    lab.client.delete_objects(Bucket=lab.bucket, Delete={"Objects": [{"Key": key} for key in keys]})
    left = sum(not absent(lab, key) for key in keys)
    expect(left == 0, f"{left} of {len(keys)} objects are there after their deletion")


def metadata(lab: Lab) -> None:
    key = lab.put("metadata", Metadata={"owner": "canary"}, ContentType="application/x-slipway")
    found = lab.client.head_object(Bucket=lab.bucket, Key=key)
    kept = {name.lower(): value for name, value in found.get("Metadata", {}).items()}
    expect(kept == {"owner": "canary"}, "user metadata is lost")
    expect(found.get("ContentType") == "application/x-slipway", "the content type is lost")


def conditional_put(lab: Lab) -> None:
    """If-None-Match: * must not overwrite: locks and create-only writes rest on it."""
    from botocore.exceptions import ClientError

    key = lab.put("conditional", b"first")
    try:
        lab.put("conditional", b"second", IfNoneMatch="*")
    except ClientError as error:
        status = error.response["ResponseMetadata"]["HTTPStatusCode"]
        expect(status in (409, 412), f"HTTP {status} instead of 412")
    expect(lab.body(key) == b"first", "ignores If-None-Match and overwrites")


def tagging(lab: Lab) -> None:
    key = lab.put("tagging", b"body to keep")
    try:
        lab.client.put_object_tagging(
            Bucket=lab.bucket, Key=key, Tagging={"TagSet": [{"Key": "purpose", "Value": "canary"}]}
        )
    finally:
        expect(lab.body(key) == b"body to keep", "dangerous: tagging an object overwrites its content")
    tags = lab.client.get_object_tagging(Bucket=lab.bucket, Key=key)["TagSet"]
    expect(tags == [{"Key": "purpose", "Value": "canary"}], "tags are not kept")


def acl(lab: Lab) -> None:
    key = lab.put("acl", b"body to keep")
    try:
        lab.client.put_object_acl(Bucket=lab.bucket, Key=key, ACL="private")
    finally:
        expect(lab.body(key) == b"body to keep", "dangerous: setting an object's ACL overwrites its content")


def post_form(lab: Lab) -> None:
    key = lab.key("post-form")
    form = lab.client.generate_presigned_post(lab.bucket, key, ExpiresIn=60)
    answer = lab.http.post(form["url"], data=form["fields"], files={"file": b"by form"}, timeout=20)
    expect(answer.status_code in (200, 201, 204), f"upload by form: HTTP {answer.status_code}")
    expect(lab.body(key) == b"by form", "the form's file is not what was stored")


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
