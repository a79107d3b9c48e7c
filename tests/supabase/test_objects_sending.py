"""An object on its way into the store, of any size: whole and proven, or not there at all."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Iterator
from pathlib import Path

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from slipway.data.mirror.crew import Stopped, Tally
from slipway.supabase.objects import sending
from slipway.supabase.objects.rows import Row
from slipway.supabase.objects.sending import PART, Target, send
from tests.support import services
from tests.support.clone import free_port

SIZES = (0, 1, PART - 1, PART, PART + 1, 2 * PART, 2 * PART + 77)


@pytest.fixture(scope="module")
def store(tmp_path_factory) -> Iterator:
    """A client of a real store that has a bucket."""
    folder: Path = tmp_path_factory.mktemp("store")
    server = services.make_objects(folder, port := free_port())
    server.start()
    try:
        services.until(lambda: services.listens(port), "the store listens")
        client = boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id=services.S3_KEY,
            aws_secret_access_key=services.S3_SECRET,
            config=Config(s3={"addressing_style": "path"}, request_checksum_calculation="when_required"),
        )
        client.create_bucket(Bucket="app")
        yield client
    finally:
        server.stop()


def pieces(size: int, piece: int = 256 * 1024) -> Iterator[bytes]:
    for begin in range(0, size, piece):
        seed = hashlib.sha256(str(begin).encode()).digest()
        yield (seed * (piece // len(seed)))[: size - begin]


def content(size: int) -> bytes:
    return b"".join(pieces(size))


def row(size: int | None, md5: str | None) -> Row:
    return Row("files", "a", "v1", size, md5, "text/plain", "no-cache")


def quiet() -> Tally:
    return Tally(lambda event: None, "objects", 1)


def target(store, name: str) -> Target:
    return Target(store, {"Bucket": "app", "Key": name}, {"ContentType": "text/plain"})


def is_there(store, name: str) -> bool:
    try:
        store.head_object(Bucket="app", Key=name)
    except ClientError:
        return False
    return True


@pytest.mark.parametrize("size", SIZES)
def test_every_size_arrives_whole(store, size: int) -> None:
    data = content(size)
    name = f"whole-{size}"
    sent = send(target(store, name), row(size, hashlib.md5(data).hexdigest()), pieces(size), quiet())
    assert (sent.size, sent.sha256, sent.differs) == (size, hashlib.sha256(data).hexdigest(), "")
    assert store.get_object(Bucket="app", Key=name)["Body"].read() == data


@pytest.mark.parametrize("size", [10, 2 * PART + 77])
@pytest.mark.parametrize(("more", "md5"), [(1, None), (-1, None), (0, "0" * 32)], ids=["longer", "shorter", "other"])
def test_what_the_index_does_not_say_is_not_stored(store, size: int, more: int, md5: str | None) -> None:
    name = f"unlike-{size}-{more}"
    sent = send(target(store, name), row(size + more, md5), pieces(size), quiet())
    assert sent.differs.startswith("files/a has") and not is_there(store, name)


@pytest.mark.parametrize("kind", [ConnectionError, Stopped])
def test_what_breaks_off_is_not_stored(store, kind: type[Exception]) -> None:
    def broken() -> Iterator[bytes]:
        yield from pieces(2 * PART)
        raise kind

    with pytest.raises(kind):
        send(target(store, "broken"), row(3 * PART, None), broken(), quiet())
    assert not is_there(store, "broken")


def test_whoever_gives_up_ends_it(store) -> None:
    tally = quiet()
    tally.stop = threading.Event()
    tally.stop.set()
    with pytest.raises(Stopped):
        send(target(store, "stopped"), row(2 * PART, None), pieces(2 * PART), tally)
    assert not is_there(store, "stopped")


@given(st.lists(st.binary(max_size=40)), st.integers(1, 17))
def test_parts_have_one_size_and_the_same_bytes(given_pieces: list[bytes], size: int) -> None:
    parts = list(sending.cut(iter(given_pieces), size))
    assert b"".join(parts) == b"".join(given_pieces)
    assert all(len(part) == size for part in parts[:-1]) and all(0 < len(part) <= size for part in parts)
