"""Where the project's bytes are read: its S3 endpoint, its API, or the file tree of a self-hosted storage."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from slipway.data.mirror.pool import PIECE
from slipway.data.objects import client as objects
from slipway.data.supabase import Project
from slipway.errors import GateError, SettingsError
from slipway.supabase.objects.rows import Row

GONE = {"NoSuchKey", "404", "NotFound"}  # not NoSuchBucket: that is another project, or another setting
TIMES = (5, 60)  # seconds to connect, and between two pieces
CHOICES = "SUPABASE_S3_ENDPOINT with its keys, SUPABASE_URL with SUPABASE_API_KEY, or --tree DIRECTORY of a self-hosted storage"


class Origin(Protocol):
    """Something that has the bytes; safe to be asked by several threads."""

    def open(self, row: Row) -> Iterator[bytes] | None:
        """The bytes in pieces, or None where the project has none for this row."""


@dataclass(frozen=True)
class S3:
    """The project's S3 endpoint, whose buckets and keys are those of the index."""

    client: Any

    def open(self, row: Row) -> Iterator[bytes] | None:
        from botocore.exceptions import ClientError

        try:
            answer = self.client.get_object(Bucket=row.bucket, Key=row.name)
        except ClientError as error:
            if objects.code_of(error) in GONE:
                return None
            raise
        return answer["Body"].iter_chunks(PIECE)


@dataclass(frozen=True)
class Api:
    """The storage API, which gives a holder of the key every object."""

    session: Any
    url: str

    def open(self, row: Row) -> Iterator[bytes] | None:
        path = f"{quote(row.bucket, safe='')}/{quote(row.name)}"
        answer = self.session.get(
            f"{self.url}/storage/v1/object/authenticated/{path}", stream=True, timeout=TIMES, allow_redirects=False
        )
        if answer.status_code in (400, 404) and is_gone(answer.content):
            return None
        if answer.status_code != 200:
            raise GateError(
                "SUPABASE_URL",
                f"HTTP {answer.status_code} for {row.label}",
                "200",
                "SUPABASE_API_KEY: a key of role service_role",
            )
        answer.raw.decode_content = False
        return answer.raw.stream(PIECE)


def is_gone(body: bytes) -> bool:
    """Whether the storage API says that an object is not there; of a bucket or a tenant it says so of another project."""
    said = body.lower().replace(b" ", b"_")
    return b"not_found" in said and b"bucket" not in said and b"tenant" not in said


@dataclass(frozen=True)
class Tree:
    """FILE_STORAGE_BACKEND_PATH of a self-hosted project: below it a bucket of S3's name and a tenant."""

    root: Path

    def open(self, row: Row) -> Iterator[bytes] | None:
        path = self.root / row.key
        if not path.is_relative_to(self.root) or ".." in path.parts or not path.is_file():
            return None
        return pieces(path)


def pieces(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            yield piece


def choose(project: Project, tree: str, buckets: set[str]) -> Origin:
    """The file tree where one is given, else the S3 endpoint, else the API. Raises SettingsError where there is none."""
    if tree:
        return Tree(root_of(Path(tree), buckets))
    if project.s3_endpoint:
        return S3(s3_client(project))
    if project.url:
        return Api(session_of(project), project.url)
    raise SettingsError("the project's objects", "no place to read them from", CHOICES, "set it in .env; ./invoke up")


def root_of(tree: Path, buckets: set[str]) -> Path:
    """The directory that holds the buckets: the tree itself, or one or two levels below it.

    Raises SettingsError where no directory has one of them.
    """
    levels = [[tree], children(tree)]
    levels.append([each for folder in levels[1] for each in children(folder)])
    for folder in (each for level in levels for each in level):
        if any((folder / bucket).is_dir() for bucket in buckets):
            return folder.resolve()
    named = ", ".join(sorted(buckets)[:5])
    raise SettingsError(
        str(tree),
        f"no directory of a bucket in it ({named})",
        "FILE_STORAGE_BACKEND_PATH of the storage server",
        f"ls {tree}",
    )


def children(folder: Path) -> list[Path]:
    with suppress(OSError):
        return sorted(each for each in folder.iterdir() if each.is_dir())
    return []


def s3_client(project: Project):
    """A client of the project's endpoint: path-style, its own region, checksums only where they are demanded."""
    if not (project.s3_access_key and project.s3_secret_key):
        raise SettingsError(
            "SUPABASE_S3_ACCESS_KEY", "not set", "both keys: dashboard, Storage, S3", "set them in .env; ./invoke up"
        )
    import boto3
    from botocore.config import Config
    from botocore.handlers import validate_bucket_name

    config = Config(
        s3={"addressing_style": "path"},
        signature_version="s3v4",
        connect_timeout=5,
        read_timeout=60,
        request_checksum_calculation="when_required",
        response_checksum_validation="when_required",
        retries={"total_max_attempts": 5, "mode": "standard"},
        max_pool_connections=16,
    )
    client = boto3.client(
        "s3",
        endpoint_url=project.s3_endpoint,
        region_name=project.s3_region,
        aws_access_key_id=project.s3_access_key.value,
        aws_secret_access_key=project.s3_secret_key.value,
        config=config,
    )
    # Buckets of Supabase's have names that Amazon's may not have: blanks, for instance.
    client.meta.events.unregister("before-parameter-build.s3", validate_bucket_name)
    return client


def session_of(project: Project):
    """A session of HTTP with the key. Its requests follow no redirect, which would carry the key to another host, and
    take the bytes as they are stored."""
    if not project.api_key:
        raise SettingsError("SUPABASE_API_KEY", "not set", "a key of role service_role", "set it in .env; ./invoke up")
    import requests

    session = requests.Session()
    key = project.api_key.value
    session.headers.update({"apikey": key, "Authorization": f"Bearer {key}", "Accept-Encoding": "identity"})
    session.trust_env = False
    return session
