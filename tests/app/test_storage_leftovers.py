"""Bytes that no object has: of uploads that nobody completes, of versions of before, and of a store that was away."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import boto3
import psycopg

from tests.app.test_storage import STORAGE, begin, get, put, remove
from tests.support.waiting import until


def client(stack: Any) -> Any:
    """A client of the stack's object store."""
    return boto3.client(
        "s3",
        endpoint_url=stack.env["S3_ENDPOINT"],
        region_name=stack.env.get("S3_REGION", "us-east-1"),
        aws_access_key_id=stack.env["S3_ACCESS_KEY"],
        aws_secret_access_key=stack.env["S3_SECRET_KEY"],
    )


def keys(stack: Any, prefix: str) -> list[str]:
    """What is in the store below a prefix."""
    found = client(stack).list_objects_v2(Bucket=stack.env["S3_BUCKET"], Prefix=prefix)
    return [each["Key"] for each in found.get("Contents", [])]


def test_bytes_that_could_not_be_removed_are_found_again(
    stack: Any, start_app: Callable[..., Any], relay: Callable[[str], Any], ask: Any
) -> None:
    between, url = relay(stack.env["S3_ENDPOINT"])
    mine, folder = ask(start_app(S3_ENDPOINT=url)), str(uuid4())
    assert put(mine, f"{folder}/x", b"left").status == 200
    between.cut()
    assert remove(mine, f"{folder}/x") == 204 and get(mine, f"{folder}/x").status == 404
    assert len(keys(stack, f"files/{folder}/")) == 1
    between.mend()
    # Whatever upload comes next finds them.
    until(
        lambda: begin(mine, f"{folder}/next", 0).status == 201 and not keys(stack, f"files/{folder}/"),
        "the bytes are removed",
    )


def test_an_upload_that_nobody_completes_is_removed_after_a_day(stack: Any, call: Callable[..., Any]) -> None:
    folder = str(uuid4())
    for more in ({}, {"in_parts": True}):
        begun = begin(call, f"{folder}/x", 3, **more).body
        part = "/parts/1" if more else ""
        assert call("PUT", f"{STORAGE}/uploads/{begun['id']}{part}", raw=b"abc").status == 204
    with psycopg.connect(stack.migrate_url) as sql:
        sql.execute(
            "UPDATE storage_uploads SET expires_at = expires_at - interval '1 day' WHERE name = %s", [f"{folder}/x"]
        )
    assert call("POST", f"{STORAGE}/uploads/{begun['id']}/complete").status == 404

    def left() -> int:
        begin(call, f"{folder}/next", 0)
        with psycopg.connect(stack.migrate_url) as sql:
            rows = sql.execute("SELECT count(*) FROM storage_uploads WHERE name = %s", [f"{folder}/x"]).fetchone()
        return rows[0] if rows else 0

    until(lambda: left() == 0 and keys(stack, f"files/{folder}/") == [], "what was left is removed")


def test_the_version_of_before_stays_for_those_who_read_it(stack: Any, call: Callable[..., Any]) -> None:
    name = f"{uuid4()}/x"
    put(call, name, b"one")
    put(call, name, b"two", overwrite=True)
    assert len(keys(stack, f"files/{name}/")) == 2
    with psycopg.connect(stack.migrate_url) as sql:
        sql.execute("UPDATE storage_uploads SET expires_at = now() WHERE name = %s", [name])
    until(
        lambda: begin(call, f"{uuid4()}", 0).status == 201 and len(keys(stack, f"files/{name}/")) == 1,
        "the version of before is removed",
    )
    assert get(call, name).body == b"two" and remove(call, name) == 204


def test_objects_of_before_have_no_version_and_are_read_too(stack: Any, call: Callable[..., Any]) -> None:
    name, content = f"{uuid4()}/old.txt", b"from before"
    client(stack).put_object(Bucket=stack.env["S3_BUCKET"], Key=f"files/{name}", Body=content)
    me = call("GET", "/api/v1/auth/me").body["id"]
    with psycopg.connect(stack.migrate_url) as sql:
        sql.execute(
            "INSERT INTO storage.objects (bucket_id, name, owner_id, metadata) "
            "VALUES ('files', %s, %s, jsonb_build_object('size', %s::int))",
            [name, me, len(content)],
        )
    found = get(call, name)
    assert (found.status, found.body, found.headers["content-type"]) == (200, content, "application/octet-stream")
    assert remove(call, name) == 204
    until(lambda: keys(stack, f"files/{name}") == [], "its bytes are removed")


def test_an_object_without_bytes_is_not_found(stack: Any, call: Callable[..., Any]) -> None:
    name = f"{uuid4()}/x"
    put(call, name, b"abc")
    client(stack).delete_object(Bucket=stack.env["S3_BUCKET"], Key=keys(stack, f"files/{name}/")[0])
    gone = get(call, name)
    assert gone.status == 404 and "bytes" in gone.body["detail"]
    assert remove(call, name) == 204
