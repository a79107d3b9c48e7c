"""Copies elsewhere on real Docker: sealed on their way out, back after the backups are lost, the key on no command line."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from tests.support.clone import Clone, assert_refused
from tests.support.containers import must

pytestmark = pytest.mark.scenario

MAKE_BUCKET = """
import os
from slipway.data import endpoints; from slipway.data.objects import client as objects
objects.client(endpoints.read(os.environ)).create_bucket(Bucket="elsewhere")
"""
PLACE = "/var/lib/slipway-backups"


@contextmanager
def watching(secret: str) -> Iterator[dict[str, bool]]:
    """Reads every command line of this machine, again and again; says whether the secret, and the verb, was on one."""
    seen, stop = {"secret": False, "serve": False}, threading.Event()

    def look() -> None:
        while not stop.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                with suppress(OSError):
                    text = path.read_bytes().replace(b"\0", b" ")
                    seen["secret"] |= secret.encode() in text
                    seen["serve"] |= b"slipway.data serve" in text

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield seen
    finally:
        stop.set()
        thread.join()


def test_a_sealed_copy_brings_lost_backups_back(fresh: Clone):
    from pyrage import x25519

    key = x25519.Identity.generate()
    identity = fresh.root.parent / f"{fresh.project}.key"
    identity.write_text(f"# made for this test\n{key}\n")
    fresh.settle(
        OFFSITE_S3_BUCKET="elsewhere",
        OFFSITE_S3_ENDPOINT="http://objects:9000",
        OFFSITE_S3_ACCESS_KEY=fresh.setting("S3_ACCESS_KEY"),
        OFFSITE_AGE_RECIPIENT=str(key.to_public()),
        OFFSITE_S3_SECRET_KEY=fresh.setting("S3_SECRET_KEY"),
    )
    try:
        fresh.succeed("up")
        fresh.write_data()
        assert_refused(fresh.invoke("backup"), 7, "the backup itself is complete", "OFFSITE_S3_BUCKET (elsewhere)")
        must("exec", fresh.id("ops"), "python3", "-c", MAKE_BUCKET)
        taken = fresh.succeed("backup", "--quiet").split()[-1]
        must("exec", fresh.id("ops"), "sh", "-c", f"rm -rf {PLACE}/* {PLACE}/.offsite")
        assert f"off-site  {taken}" in fresh.succeed("backups.list")
        assert_refused(fresh.invoke("backups.fetch", taken), 7, "it is encrypted", "--identity FILE")
        with watching(str(key)) as seen:
            fresh.succeed("backups.fetch", taken, "--identity", str(identity))
        assert seen == {"secret": False, "serve": True}
        fresh.succeed("backups.verify", taken)
        assert f"both      {taken}" in fresh.succeed("backups.list")
        assert must("exec", fresh.id("ops"), "sh", "-c", f"grep -rl {key} {PLACE} /var/lib/slipway /tmp || true") == ""
    finally:
        identity.unlink()
