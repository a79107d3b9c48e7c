"""Off-site copies while things go wrong: the store fails, the line breaks, we are killed, what is there rots."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from slipway.data.mirror.crew import Tally
from slipway.data.mirror.pool import digests
from slipway.data.objects import multipart
from slipway.data.offsite import place
from slipway.errors import BackupError, LockHeld, SlipwayError, VerificationError
from tests.support import services
from tests.support.offsite_copies import Copies
from tests.support.tcp_relay import Relay

LARGE = 50 * 2**20  # four parts
RUN = """
import json, os, sys
from slipway.ops import verbs as commands
commands.run(sys.argv[1], json.loads(sys.argv[2]), os.environ, lambda event: print(json.dumps(event), flush=True))
"""
WRONG = {
    "secret": ({"OFFSITE_S3_SECRET_KEY": "another-secret"}, "correct OFFSITE_S3_ACCESS_KEY and OFFSITE_S3_SECRET_KEY"),
    "access key": ({"OFFSITE_S3_ACCESS_KEY": "nobody"}, "correct OFFSITE_S3_ACCESS_KEY and OFFSITE_S3_SECRET_KEY"),
    "bucket missing": (
        {"OFFSITE_S3_BUCKET": "never-made"},
        "check OFFSITE_S3_ENDPOINT and OFFSITE_S3_BUCKET (never-made)",
    ),
    "store down": ({"OFFSITE_S3_ENDPOINT": f"http://127.0.0.1:{services.free_port()}"}, "check OFFSITE_S3_ENDPOINT"),
    "no such host": ({"OFFSITE_S3_ENDPOINT": "http://nowhere.invalid"}, "check OFFSITE_S3_ENDPOINT"),
    "no lock": ({"OFFSITE_LOCK_DAYS": "30"}, "make one, or set OFFSITE_LOCK_DAYS=0"),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_store_that_refuses_is_said_and_the_backup_here_stays(copies: Copies, case: str) -> None:
    env, then = WRONG[case]
    copies.put("object", b"bytes")
    identity = copies.backup()
    with pytest.raises(BackupError) as caught:
        copies.push(identity, **env)
    assert caught.value.code == 7 and caught.value.next.startswith(then), caught.value.fields()
    assert "another-secret" not in str(caught.value.fields())
    assert copies.problems(identity) == [] and copies.listed() == {}


def test_a_bucket_that_only_seems_to_have_object_lock_is_refused(copies: Copies) -> None:
    """rclone takes the wish for a lock and does not keep it."""
    copies.client.create_bucket(Bucket=f"{copies.elsewhere}-locked", ObjectLockEnabledForBucket=True)
    identity = copies.backup()
    with pytest.raises(BackupError, match="has no object lock"):
        copies.push(identity, OFFSITE_S3_BUCKET=f"{copies.elsewhere}-locked", OFFSITE_LOCK_DAYS="1")


@pytest.mark.parametrize("hours", [24, -2], ids=["ahead", "behind"])
def test_a_clock_that_is_wrong_is_said(copies: Copies, monkeypatch: pytest.MonkeyPatch, hours: int) -> None:
    """Requests are signed by a clock that is not the store's."""
    from botocore import auth

    identity, now = copies.backup(), auth.get_current_datetime
    monkeypatch.setattr(auth, "get_current_datetime", lambda *args, **more: now(*args, **more) + timedelta(hours=hours))
    with pytest.raises(BackupError) as caught:
        copies.push(identity)
    assert "clock" in caught.value.next and "UTC" in caught.value.found, caught.value.fields()


@contextmanager
def relayed(copies: Copies, pace: int | None = None) -> Iterator[Relay]:
    """The store elsewhere behind a relay."""
    relay = Relay("127.0.0.1", int(copies.env["OFFSITE_S3_ENDPOINT"].rsplit(":", 1)[1]), pace)
    copies.env["OFFSITE_S3_ENDPOINT"] = f"http://127.0.0.1:{relay.port}"
    try:
        yield relay
    finally:
        relay.cut()


@pytest.mark.parametrize("sealed", [False, True], ids=["clear", "sealed"])
def test_an_upload_that_breaks_off_goes_on_from_the_parts_that_are_there(copies: Copies, keys, sealed: bool) -> None:
    if sealed:
        copies.env["OFFSITE_AGE_RECIPIENT"] = keys[0]
    body = os.urandom(LARGE)
    copies.put("large", body)
    identity = copies.backup()
    with relayed(copies) as relay:
        cut_when(copies, relay, lambda: parts_there(copies) >= 2)
        with nobody_left(), pytest.raises(SlipwayError):
            copies.push(identity)
        relay.mend()
        assert copies.listed() == {}
        there, relay.carried = parts_there(copies), 0
        copies.events = []
        copies.push(identity)
        assert there >= 2 and relay.carried < LARGE - (there - 1) * multipart.PART
    copies.env["OFFSITE_S3_ENDPOINT"] = copies.env["S3_ENDPOINT"]
    copies.lose_all()
    copies.fetch(identity, keys[1] if sealed else "")
    assert copies.problems(identity) == [] and copies.content(identity) == {"large": body}


@contextmanager
def nobody_left() -> Iterator[None]:
    """Waits for threads that began here: a worker that still tries its part again would send it beside the next push."""
    before = set(threading.enumerate())
    yield
    for each in set(threading.enumerate()) - before:
        each.join(60)
        assert not each.is_alive(), each.name


def cut_when(copies: Copies, relay: Relay, true) -> None:
    """Cuts the relay as soon as progress is told and it is true."""

    class Events(list):
        def append(self, event: dict) -> None:
            if event["text"] == "copying objects" and true():
                relay.cut()

    copies.events = Events()


def parts_there(copies: Copies) -> int:
    uploads = copies.client.list_multipart_uploads(Bucket=copies.elsewhere).get("Uploads", ())
    return sum(
        len(
            copies.client.list_parts(Bucket=copies.elsewhere, Key=each["Key"], UploadId=each["UploadId"]).get(
                "Parts", ()
            )
        )
        for each in uploads
    )


def test_a_slow_store_is_waited_for(copies: Copies) -> None:
    copies.put("object", os.urandom(300_000))
    identity = copies.backup()
    with relayed(copies, 400_000):
        copies.push(identity)
        copies.lose_all()
        copies.fetch(identity)
    assert copies.problems(identity) == []


def test_a_line_that_breaks_while_fetching_is_mended_or_goes_on_later(copies: Copies) -> None:
    body = os.urandom(8_000_000)
    copies.put("large", body)
    identity = copies.backup()
    copies.push(identity)
    copies.lose_all()
    with relayed(copies) as relay:
        relay.cut()
        with pytest.raises(BackupError):
            copies.fetch(identity)
        assert not (copies.root / identity).exists()
        relay.mend()
        once = []

        class Events(list):
            def append(self, event: dict) -> None:
                if event["text"] == "fetching objects" and not once:
                    once.append(True)
                    relay.cut()
                    relay.mend()

        copies.events = Events()
        copies.fetch(identity)
    assert once and copies.content(identity) == {"large": body}


def test_killed_at_any_moment_nothing_half_good_is_listed_and_the_next_push_finishes(copies: Copies) -> None:
    for number in range(12):
        copies.put(f"{number}", os.urandom(random.randrange(1, 3_000_000)))
    copies.put("large", os.urandom(LARGE))
    first = copies.backup()
    begun = time.monotonic()
    run_until(copies, None, "backups.push")
    whole = time.monotonic() - begun
    copies.run("backups.prune")
    copies.put("0", b"changed")
    copies.put("large", os.urandom(LARGE))
    second = copies.backup()
    for _ in range(12):
        run_until(copies, random.uniform(0.2, 1.0) * whole, "backups.push")
        listed = copies.listed()
        assert first in listed and set(listed) <= {first, second}
        if second in listed:
            break
    copies.push()
    copies.lose_all()
    for identity in (first, second):
        copies.fetch(identity)
        assert copies.problems(identity) == []


def test_a_fetch_that_is_killed_lists_nothing_and_the_next_one_finishes(copies: Copies) -> None:
    for number in range(20):
        copies.put(f"{number}", os.urandom(random.randrange(1, 2_000_000)))
    identity = copies.backup()
    copies.push(identity)
    words = ("backups.fetch", f'{{"id": "{identity}"}}')
    copies.lose_all()
    begun = time.monotonic()
    run_until(copies, None, *words)
    whole = time.monotonic() - begun
    copies.lose_all()
    for _ in range(8):
        run_until(copies, random.uniform(0.3, 1.0) * whole, *words)
        if (copies.root / identity).exists():
            assert copies.problems(identity) == []
    copies.fetch(identity)
    assert copies.problems(identity) == []


def run_until(copies: Copies, seconds: float | None, verb: str, args: str = "{}") -> None:
    """A verb in a process of its own that is killed after that time, or runs to its end."""
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, verb, args], env={**os.environ, **copies.env}, stdout=subprocess.DEVNULL
    )
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    else:
        assert process.returncode == 0


@pytest.mark.parametrize("sealed", [False, True], ids=["clear", "sealed"])
def test_whatever_rots_elsewhere_is_found_and_named(copies: Copies, keys, sealed: bool) -> None:
    """A bit flipped or the end cut off, at chance places, in every file of the copy."""
    key = keys[1] if sealed else ""
    if sealed:
        copies.env["OFFSITE_AGE_RECIPIENT"] = keys[0]
    for name, size in (("small", 40), ("middle", 90_000), ("large", 400_000)):
        copies.put(name, os.urandom(size))
    identity = copies.backup()
    copies.push(identity)
    for name in [name for name in copies.remote() if not name.endswith("pool.list")]:
        good = copies.body(name)
        for bad in damages(good):
            copies.overwrite(name, bad)
            copies.lose_all()
            with pytest.raises(SlipwayError) as caught:
                copies.fetch(identity, key)
            assert caught.value.code in (7, 8) and not (copies.root / identity).exists()
            assert name.rpartition("/")[2].removesuffix(".age") in str(caught.value.fields()), (
                name,
                caught.value.fields(),
            )
        copies.overwrite(name, good)
    copies.fetch(identity, key)
    assert copies.problems(identity) == []


def damages(good: bytes) -> Iterator[bytes]:
    place = random.randrange(len(good))
    yield good[:place] + bytes([good[place] ^ 1 << random.randrange(8)]) + good[place + 1 :]
    yield good[: random.randrange(len(good))]


def test_of_two_pushes_at_once_the_second_waits_or_says_who_holds_it(copies: Copies) -> None:
    copies.put("object", os.urandom(2_000_000))
    identity = copies.backup()
    with place.alone(copies.ends(), "copying"):
        with pytest.raises(LockHeld, match="copying, process"):
            copies.push(identity)
        second = copies.backup()  # backups go on meanwhile
    assert {each["id"] for each in copies.push()["pushed"]} == {identity, second}


def test_a_damaged_backup_keeps_no_other_from_being_copied(copies: Copies) -> None:
    damaged, good = copies.backup(), copies.backup()
    (copies.root / damaged / "env-keys.txt").write_text("")
    with pytest.raises(BackupError, match="env-keys"):
        copies.push()
    assert set(copies.listed()) == {good}


def test_what_the_store_has_afterwards_is_compared_with_what_was_sent(copies: Copies, tmp_path: Path) -> None:
    """`prove` by the store's digest, and by reading all of it back where that digest is of another kind."""
    path = tmp_path / "file"
    path.write_bytes(os.urandom(100_000))
    names = {"Bucket": copies.elsewhere, "Key": "file"}
    sha256, plain = digests(path)
    multipart.store(copies.client, names, path, sha256, {}, Tally(lambda event: None, "", 0), resume=True)
    multipart.prove(copies.client, names, path, sha256, "another kind of digest")
    copies.client.put_object(**names, Body=path.read_bytes()[:-1] + b"x")
    with pytest.raises(VerificationError, match="the store has other bytes"):
        multipart.prove(copies.client, names, path, sha256, plain)
