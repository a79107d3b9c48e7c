"""What Redis holds, as the server itself writes it down: asked for as a replica would, so that nothing is read key by key."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.gates import redis as gates
from slipway.data.progress import progress
from slipway.errors import BackupError

CHUNK = 2**20
PATIENCE = 60  # seconds without a sign; while it forks and writes the server sends empty lines


def save(ends: Endpoints, target: Path, emit: Emit) -> int:
    """Writes an RDB file and returns its size. Raises BackupError with what Redis said."""
    import redis

    try:
        client = gates.enter(ends, PATIENCE)
        connection = client.connection_pool.get_connection()
        try:
            return received(connection, target, emit)
        finally:
            connection.disconnect()
            client.close()
    except redis.RedisError as error:
        raise refused(str(error)) from None


def received(connection, target: Path, emit: Emit) -> int:
    """Asks for a full copy (SYNC, redis.io/docs/latest/commands/sync) and writes it to the file as it comes."""
    from redis import ResponseError

    connection.send_command("REPLCONF", "rdb-only", "1")
    with suppress(ResponseError):  # a server before 7 does not know it, and then sends more than we read
        connection.read_response()
    connection.send_command("SYNC")
    stream = reader(connection)
    size = announced(stream)
    done = 0
    with open(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        for chunk in some(stream, size):
            file.write(chunk)
            done += len(chunk)
            progress(emit, "redis", done, size, "bytes")
        file.flush()
        os.fsync(file.fileno())
    if done != size:
        raise refused(f"the copy ended after {done:,} of {size:,} bytes")
    return size


def reader(connection) -> IO[bytes]:
    return connection._sock.makefile("rb")


def announced(stream: IO[bytes]) -> int:
    """The size that the server says it will send; empty lines before it mean that it still writes."""
    while (line := stream.readline(1024)) == b"\n":
        pass
    text = line.strip().decode(errors="replace")
    if not text.startswith("$") or not text[1:].isdigit():
        raise refused(text or "the connection ended")
    return int(text[1:])


def some(stream: IO[bytes], size: int) -> Iterator[bytes]:
    while size > 0 and (chunk := stream.read(min(CHUNK, size))):
        size -= len(chunk)
        yield chunk


def refused(found: str) -> BackupError:
    return BackupError("redis", found, "a server that hands out a copy of its data", "./invoke logs -s redis")
