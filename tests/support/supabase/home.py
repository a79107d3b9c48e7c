"""What the users of a project find in the stack that it moved to."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import quote

import boto3
from botocore.config import Config

from tests.support.backend_process import send
from tests.support.supabase.asking import claims
from tests.support.supabase.objects import Stored
from tests.support.supabase.passwords import KNOWN
from tests.support.supabase.source import Source
from tests.support.working_copy import WorkingCopy

READ = ("bcrypt", "argon2id", "argon2i", "fbscrypt", "bcrypt, of its first 72 bytes")
MINE = "/storage/v1/object/authenticated"


def assert_at_home(url: str, project: Source) -> None:
    """Each user logs in with the old password, and downloads what the project's policies let that user see, and no more."""
    downloads = 0
    for known in KNOWN:
        if known.form not in READ:
            continue
        given = {"email": known.email, "password": known.password}
        told = send(url, "POST", "/auth/v1/token?grant_type=password", given)
        assert told.status == 200, (known.email, told.body)
        seen = seen_by(project, known.email.partition("@")[0])
        for each in project.objects:
            if each.has_row and each.has_bytes:
                reply = send(
                    url, "GET", f"{MINE}/{quote(f'{each.bucket}/{each.name}')}", token=told.body["access_token"]
                )
                downloads += assert_answered(reply, each, (each.bucket, each.name) in seen)
    assert downloads, "nobody saw an object"


def assert_answered(reply, each: Stored, is_seen: bool) -> bool:
    """Whether it was a download, which has to be whole; what is not for that user is not there."""
    if is_seen:
        body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
        assert reply.status == 200, (each, reply.body)
        assert hashlib.sha256(body).hexdigest() == each.digest("sha256"), each
    else:
        assert reply.status in (400, 403, 404), (each, reply.status)
    return is_seen


def seen_by(project: Source, who: str) -> set[tuple[str, str]]:
    """Bucket and name of each object that a user of the project sees."""
    with project.connect("supabase_admin") as conn, conn.transaction(force_rollback=True):
        conn.execute("set local role authenticated")
        conn.execute("select set_config('request.jwt.claims', %s, true)", [json.dumps(claims(who))])
        return set(conn.execute("select bucket_id, name from storage.objects").fetchall())


def wanted(project: Source) -> dict[str, str]:
    """sha256 of each object that a stack's store has to have, by its key there."""
    return {key(each): each.digest("sha256") for each in project.objects if each.has_row and each.has_bytes}


def key(each: Stored) -> str:
    return "/".join(part for part in (each.bucket, each.name, each.version) if part)


def store(stack: WorkingCopy) -> tuple:
    """A client of the stack's store, and its bucket."""
    settings = stack.settings()
    port = json.loads((stack.home / "ports.json").read_text())["objects"]
    client = boto3.client(
        "s3",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="us-east-1",
        aws_access_key_id=settings["S3_ACCESS_KEY"],
        aws_secret_access_key=settings["S3_SECRET_KEY"],
        config=Config(s3={"addressing_style": "path"}),
    )
    return client, client.list_buckets()["Buckets"][0]["Name"]


def held(stack: WorkingCopy) -> dict[str, str]:
    """sha256 of every object of the stack's store, by its key."""
    client, bucket = store(stack)
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket)
    keys = [each["Key"] for page in pages for each in page.get("Contents", ())]
    return {key: hashlib.sha256(client.get_object(Bucket=bucket, Key=key)["Body"].read()).hexdigest() for key in keys}
