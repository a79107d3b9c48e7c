"""Which copies of Redis' data which server reads."""

from __future__ import annotations

from pathlib import Path

import pytest

from slipway.data.redis import rdb_format
from slipway.errors import BackupError


class Server:
    """As much of a client as tells the server and its newest format."""

    def __init__(self, newest: int, *facts: str):
        self.newest, self.facts = newest, dict.fromkeys(facts, "9.1.2")

    def info(self, section: str) -> dict:
        return self.facts

    def dump(self, key: str) -> bytes:
        return b"\x00\x00" + self.newest.to_bytes(2, "little") + b"checksum"

    def set(self, key: str, value: str, ex: int) -> None: ...

    def delete(self, key: str) -> None: ...


REDIS_6, REDIS_7, REDIS_8 = Server(9), Server(11), Server(12)
VALKEY_8, VALKEY_9 = Server(11, "valkey_version"), Server(80, "valkey_version")


@pytest.mark.parametrize(
    ("server", "head", "fits"),
    [
        (REDIS_6, b"REDIS0009", True),
        (REDIS_6, b"REDIS0011", False),
        (REDIS_7, b"REDIS0011", True),
        (REDIS_7, b"REDIS0012", False),
        (REDIS_8, b"REDIS0012", True),
        (REDIS_8, b"VALKEY080", False),
        (VALKEY_8, b"REDIS0011", True),
        (VALKEY_8, b"REDIS0012", False),
        (VALKEY_8, b"VALKEY080", False),
        (VALKEY_9, b"REDIS0009", True),
        (VALKEY_9, b"REDIS0011", True),
        (VALKEY_9, b"REDIS0012", False),
        (VALKEY_9, b"VALKEY080", True),
        (VALKEY_9, b"VALKEY081", False),
    ],
)
def test_a_server_reads_its_own_formats_and_those_before_the_two_parted(server, head, fits, tmp_path: Path) -> None:
    file = tmp_path / "redis.rdb"
    file.write_bytes(head + b"\xfa")
    if fits:
        rdb_format.refuse_unreadable(server, file)
    else:
        with pytest.raises(BackupError, match=f"format {int(head[-3:])} of "):
            rdb_format.refuse_unreadable(server, file)


@pytest.mark.parametrize("content", [b"", b"REDIS", b"REDIS00x1", b"GARBAGE80"])
def test_anything_else_is_no_copy(content: bytes, tmp_path: Path) -> None:
    file = tmp_path / "redis.rdb"
    file.write_bytes(content)
    with pytest.raises(BackupError, match="does not begin as a copy"):
        rdb_format.of(file)
