"""The object mirror while things go wrong: objects that vanish or change, stores that fail, and kills."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from slipway.data import mirror
from slipway.errors import BackupError
from tests.support import services
from tests.support.mirroring import Mirror, once, pool_problems
from tests.support.tcp_relay import Relay

BODY = os.urandom(64_000)
TAKE = """
import json, os, sys
from pathlib import Path
from slipway.data import endpoints, mirror
folder = Path(sys.argv[1]); folder.mkdir(parents=True)
mirror.take(endpoints.read(os.environ), folder, Path(sys.argv[2]), lambda event: print(json.dumps(event), flush=True))
"""


@pytest.fixture
def mirrored(object_env: dict[str, str], s3_client, tmp_path: Path) -> Mirror:
    made = Mirror(object_env, tmp_path / "backups", s3_client)
    made.make_buckets()
    return made


def test_objects_that_are_deleted_meanwhile_are_left_out_and_counted(mirrored: Mirror) -> None:
    keys = [f"{number:03}" for number in range(60)]
    for key in keys:
        mirrored.put(key, key.encode())
    found = mirrored.take("first", emit=once(lambda: mirrored.delete(*keys[40:])))
    assert found["gone"] == 20 and found["buckets"][mirrored.bucket]["count"] == 40
    assert [entry.key for entry in mirrored.entries("first").values()] == keys[:40]
    assert mirror.sample(mirrored.root / "first", mirrored.pool, None) == []


def test_an_object_that_changes_while_it_is_read_is_kept_whole(mirrored: Mirror) -> None:
    old, new = os.urandom(8_000_000), os.urandom(7_000_000)
    mirrored.put("changing", old)
    mirrored.take("first", emit=once(lambda: mirrored.put("changing", new)))
    entry = mirrored.entries("first")[f"{mirrored.bucket}/changing"]
    assert mirrored.bytes_of(entry) in (old, new) and pool_problems(mirrored.pool) == []
    assert entry.etag == hashlib.md5(mirrored.bytes_of(entry)).hexdigest()
    mirrored.take("second")
    assert mirrored.bytes_of(mirrored.entries("second")[f"{mirrored.bucket}/changing"]) == new


WRONG = [
    ({"S3_SECRET_KEY": "another-secret"}, "correct S3_ACCESS_KEY and S3_SECRET_KEY in .env"),
    ({"S3_ACCESS_KEY": "nobody"}, "correct S3_ACCESS_KEY and S3_SECRET_KEY in .env"),
    ({"S3_BUCKETS": "never-made"}, "./invoke up; then again"),
    ({"S3_ENDPOINT": f"http://127.0.0.1:{services.free_port()}"}, "./invoke up; then again"),
]


@pytest.mark.parametrize(("env", "then"), WRONG, ids=["secret", "access key", "bucket missing", "store down"])
def test_a_store_that_refuses_is_said_and_nothing_is_listed(mirrored: Mirror, env: dict, then: str) -> None:
    with pytest.raises(BackupError) as caught:
        mirrored.take("first", **env)
    assert caught.value.where == "object store" and caught.value.next == then and caught.value.code == 7
    assert not (mirrored.root / "first").exists()


def test_a_store_that_goes_down_in_the_middle_ends_the_backup(mirrored: Mirror) -> None:
    for number in range(30):
        mirrored.put(str(number), BODY)
    relay = Relay("127.0.0.1", int(mirrored.env["S3_ENDPOINT"].rsplit(":", 1)[1]))
    through = f"http://127.0.0.1:{relay.port}"
    with pytest.raises(BackupError) as caught:
        mirrored.take("first", emit=once(relay.cut), S3_ENDPOINT=through)
    assert through in caught.value.found + caught.value.expected
    relay.mend()
    mirrored.take("second", S3_ENDPOINT=through)
    assert mirror.sample(mirrored.root / "second", mirrored.pool, None) == [] and pool_problems(mirrored.pool) == []
    relay.cut()


def test_a_store_that_breaks_off_now_and_then_is_asked_again(mirrored: Mirror) -> None:
    """Every connection is cut once, in the middle of the first body."""
    body = os.urandom(6_000_000)
    mirrored.put("large", body)
    relay = Relay("127.0.0.1", int(mirrored.env["S3_ENDPOINT"].rsplit(":", 1)[1]))

    def cut_and_mend() -> None:
        relay.cut()
        relay.mend()

    mirrored.take("first", emit=once(cut_and_mend), S3_ENDPOINT=f"http://127.0.0.1:{relay.port}")
    assert mirrored.bytes_of(mirrored.entries("first")[f"{mirrored.bucket}/large"]) == body
    relay.cut()


def test_killed_at_any_moment_the_pool_holds_only_whole_objects(mirrored: Mirror) -> None:
    content = {f"{number:03}": os.urandom(random.randrange(1, 200_000)) for number in range(60)}
    for key, body in content.items():
        mirrored.put(key, body)
    begun = time.monotonic()
    run_until(mirrored, "whole", None)
    whole = time.monotonic() - begun
    for path in mirrored.pool.glob("??/*"):
        path.unlink()
    for number in range(12):
        run_until(mirrored, f"killed{number}", random.uniform(0.3, 1.0) * whole)
        assert pool_problems(mirrored.pool) == []
    mirrored.take("last")
    assert {entry.key: mirrored.bytes_of(entry) for entry in mirrored.entries("last").values()} == content


def run_until(mirrored: Mirror, name: str, seconds: float | None) -> None:
    """A backup in a process of its own that is killed after that time, or runs to its end."""
    words = [sys.executable, "-c", TAKE, str(mirrored.root / f".partial-{name}"), str(mirrored.pool)]
    process = subprocess.Popen(words, env={**os.environ, **mirrored.env}, stdout=subprocess.DEVNULL)
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    else:
        assert process.returncode == 0


def test_a_full_disk_is_said_and_leaves_nothing_half(mirrored: Mirror) -> None:
    """A file size limit stands in for the disk: it gives the same kind of failure in the same place."""
    mirrored.put("large", os.urandom(3_000_000))
    words = [
        "sh",
        "-c",
        'ulimit -f 1000; exec "$@"',
        "sh",
        sys.executable,
        "-c",
        "import signal; signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n" + TAKE,
        str(mirrored.root / ".partial-full"),
        str(mirrored.pool),
    ]
    done = subprocess.run(words, env={**os.environ, **mirrored.env}, capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "BackupError" in done.stderr and "File too large" in done.stderr
    assert list(mirrored.pool.glob("??/*")) == [] == list(mirrored.pool.glob(".incoming-*"))


def test_a_slow_store_is_waited_for(mirrored: Mirror) -> None:
    body = os.urandom(400_000)
    mirrored.put("slow", body)
    port = int(mirrored.env["S3_ENDPOINT"].rsplit(":", 1)[1])
    relay = Relay("127.0.0.1", port, pace=500_000)
    mirrored.take("first", S3_ENDPOINT=f"http://127.0.0.1:{relay.port}")
    assert mirrored.bytes_of(mirrored.entries("first")[f"{mirrored.bucket}/slow"]) == body
    relay.cut()


def test_memory_stays_flat_with_many_objects(mirrored: Mirror) -> None:
    """The tables of 60,000 listed objects are on disk: the process grows by less than their size."""
    from slipway.data.mirror.ledger import Ledger
    from slipway.data.mirror.manifest import Entry

    before = resident()
    with Ledger() as ledger:
        for table in ("before", "now"):
            ledger.add(
                table,
                (Entry("b", f"{number:09}" * 12, 1, "e" * 32, "s" * 64, "t", {}, "m") for number in range(60_000)),
            )
        ledger.carry()
        assert sum(1 for _ in ledger.entries()) == 60_000
        assert resident() - before < 40 * 2**20


def resident() -> int:
    """Bytes that this process has in memory."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")
