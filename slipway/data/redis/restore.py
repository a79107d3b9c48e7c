"""What Redis held, given back: a replica loads whatever its master sends, so for one transfer we are the master.

Neither a restart nor the server's directory is needed, and a server that appends every write to a file (AOF) writes that
file anew by itself. A saved file that is put in place by hand would be ignored there, and Redis would start empty.
Protocol: redis.io/docs/latest/operate/oss_and_stack/management/replication, and replication.c of Redis 7.
"""

from __future__ import annotations

import re
import socket
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO

from slipway.data.backups import lock, take
from slipway.data.backups.interface import Backup
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.gates import redis as gates
from slipway.data.progress import progress
from slipway.data.redis import PART, rdb_format
from slipway.data.restore import looking
from slipway.data.restore.interface import Given, RestoreWhole
from slipway.errors import BackupError

HISTORY = b"5" * 40  # the id of a replication history; nobody will ask to go on with this one
CHUNK = 2**20
PATIENCE = 60.0  # seconds without a sign from Redis
PULSE = 0.1
LOADING = "repl-diskless-load"


def restore(ends: Endpoints, args: RestoreWhole, emit: Emit) -> Given:
    """Replaces all that Redis holds by what it held in a backup. A backup of what it holds now is taken first.

    Raises BackupError for a backup without it, and with what Redis said.
    """
    import redis

    path = looking.choose_backup(ends, args)
    with lock.hold_for_reading(path):
        if not looking.whole(path)[PART.name]:
            raise BackupError(
                f"backup {path.name}",
                "it holds nothing of Redis",
                "a backup of Redis, as with BACKUP_REDIS=true",
                "./invoke backups.list",
            )
        try:
            with closing(gates.enter(ends, PATIENCE)) as client:
                # One that was left a replica by a restore that was killed gives no copy of itself.
                free(client)
                rdb_format.refuse_unreadable(client, path / PART.file)
                wish = Backup(label=f"before restore of {path.name}", only=PART.name, keys=args.keys)
                before = take.take(ends, wish, emit)
                return Given(*given(client, path / PART.file, emit), before.id)
        except (redis.RedisError, OSError) as error:
            raise refused(str(error)) from None


def given(client, file: Path, emit: Emit) -> tuple[int, int]:
    """Has Redis copy us, once, and be its own master again; the keys that it has then, and the bytes that it was sent."""
    theirs, ours = addresses(client)
    with socket.create_server((ours, 0), family=socket.AF_INET6 if ":" in ours else socket.AF_INET) as listener:
        listener.settimeout(PATIENCE)
        with keeping_its_own(client):
            client.execute_command("REPLICAOF", ours, str(listener.getsockname()[1]))
            try:
                with caller(listener, theirs) as connection:
                    size = sent(connection, file, emit)
                    loaded(client, connection, emit)
            finally:
                free(client)
                at_rest(client)  # it refuses to stop before that
    return settled(client), size


@contextmanager
def keeping_its_own(client) -> Iterator[None]:
    """Valkey drops what it holds, and goes on empty, where it cannot load what was sent; told so, it keeps the old until
    the new is whole. Redis ends instead, and comes back with the old, in half of the memory."""
    if "valkey_version" not in client.info("server"):
        yield
        return
    usual = client.config_get(LOADING)[LOADING]
    client.config_set(LOADING, "swapdb")
    try:
        yield
    finally:
        client.config_set(LOADING, usual)


def free(client) -> None:
    """Its own master again, and writable; while it loads, it takes no such word."""
    from redis.exceptions import BusyLoadingError

    while True:
        try:
            client.execute_command("REPLICAOF", "NO", "ONE")
            return
        except BusyLoadingError:
            time.sleep(PULSE)


def addresses(client) -> tuple[str, str]:
    """Redis' address, and ours as it sees it."""
    at = client.connection_pool.connection_kwargs
    with socket.create_connection((at["host"], at["port"]), timeout=PATIENCE) as probe:
        return probe.getpeername()[0], probe.getsockname()[0]


def caller(listener: socket.socket, address: str) -> socket.socket:
    """The connection that Redis makes; whoever else calls gets nothing."""
    while True:
        connection, (host, *_) = listener.accept()
        if host == address:
            connection.settimeout(PATIENCE)
            return connection
        connection.close()


def sent(connection: socket.socket, file: Path, emit: Emit) -> int:
    """Answers until a copy is asked for, and sends it. Its size in bytes."""
    with connection.makefile("rb") as stream:
        for words in commands(stream):
            if words[0] in (b"PSYNC", b"SYNC"):
                break
            connection.sendall(b"+PONG\r\n" if words[0] == b"PING" else b"+OK\r\n")
        else:
            raise refused("it ended the connection before it asked for a copy")
    size, done = file.stat().st_size, 0
    connection.sendall(b"+FULLRESYNC " + HISTORY + b" 0\r\n" + f"${size}\r\n".encode())
    with file.open("rb") as source:
        while chunk := source.read(CHUNK):
            connection.sendall(chunk)
            done += len(chunk)
            progress(emit, "redis", done, size, "bytes")
    return size


def commands(stream: IO[bytes]) -> Iterator[list[bytes]]:
    """What a replica says, as words, the first in capitals; until it ends (redis.io/docs/latest/develop/reference/protocol-spec)."""
    while head := stream.readline(64).strip():
        words = []
        for _ in range(int(head.removeprefix(b"*"))):
            length = int(stream.readline(64).strip().removeprefix(b"$"))
            words.append(stream.read(length + 2)[:-2])
        yield [words[0].upper(), *words[1:]]


def loaded(client, connection: socket.socket, emit: Emit) -> None:
    """Waits until Redis has taken all of it in. Raises BackupError when it gives the copy up."""
    told = time.monotonic()
    while True:
        found = client.info()
        if found.get("master_link_status") == "up":
            return
        if found.get("loading"):
            told = time.monotonic()
            progress(
                emit,
                "Redis loads it",
                found.get("loading_loaded_bytes", 0),
                found.get("loading_total_bytes", 0),
                "bytes",
            )
        elif ended(connection):
            raise refused("it gave the copy up, as its log says")
        if time.monotonic() - told > PATIENCE:
            raise refused(f"it has not taken the copy after {PATIENCE:.0f} s")
        time.sleep(PULSE)


def ended(connection: socket.socket) -> bool:
    """Whether the other side has closed; what it says meanwhile is of no interest."""
    connection.setblocking(False)
    try:
        while chunk := connection.recv(4096):
            del chunk
        return True
    except BlockingIOError:
        return False
    finally:
        connection.settimeout(PATIENCE)


def at_rest(client) -> dict:
    """Waits until what it holds is on its disk as well, where it keeps a log of its writes. What it says of itself then."""
    while (found := client.info()).get("aof_enabled") and (
        found.get("aof_rewrite_in_progress") or found.get("aof_rewrite_scheduled")
    ):
        time.sleep(PULSE)
    return found


def settled(client) -> int:
    """How many keys there are. Raises BackupError where they are not on its disk."""
    found = at_rest(client)
    if found.get("aof_enabled") and found.get("aof_last_bgrewrite_status") != "ok":
        raise refused("it holds the copy, and could not write it to its disk")
    keyspace = client.info("keyspace")
    return sum(each["keys"] for name, each in keyspace.items() if re.fullmatch(r"db\d+", name))


def refused(found: str) -> BackupError:
    return BackupError("redis", found, "a server that takes a copy of its data", "./invoke logs -s redis")
