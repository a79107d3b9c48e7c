"""Files of this machine for the ops container, through commands: a Dokploy server takes no stream of bytes.

Dokploy shows every command for as long as its schedule is there: nothing secret is sent this way.
"""

from __future__ import annotations

import base64
import io
import secrets
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from slipway.engine.dokploy.api.answers import Service
from slipway.engine.dokploy.api.client import Dokploy
from slipway.engine.dokploy.inside import Run
from slipway.errors import EngineError, SettingsError

PLACE = "/tmp/slipway-from-"  # noqa: S108  (in the container, whose own it is)
PART = 90_000  # characters of one command: Linux takes 131,072 bytes in a word
MOST = 40  # commands, each of some seconds
DONE = "done"


@contextmanager
def deliver(client: Dokploy, service: Service, folder: Path) -> Iterator[str]:
    """The path in the container of a directory with its files, gone after the block. Raises SettingsError, EngineError."""
    text, place = packed(folder), f"{PLACE}{secrets.token_hex(4)}"
    parts = [text[at : at + PART] for at in range(0, len(text), PART)]
    if len(parts) > MOST:
        raise SettingsError(
            str(folder),
            f"{len(text):,} characters when it is packed",
            f"at most {PART * MOST:,}, which Dokploy takes command by command",
            "a smaller directory, or a stack with ENGINE=docker",
        )
    try:
        run(client, service, f"umask 077; mkdir {place}")
        for part in parts:
            run(client, service, f"printf %s {part} >> {place}/packed")
        run(client, service, f"cd {place} && base64 -d packed > packed.gz && tar -xzf packed.gz && rm packed packed.gz")
        yield place
    finally:
        with suppress(EngineError):  # what is left is no secret, and of a container that the next release replaces
            run(client, service, f"rm -rf {place}")


def packed(folder: Path) -> str:
    """The files right in the directory as a compressed archive, in letters that every shell takes as they are."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w:gz") as tar:
        for path in sorted(folder.iterdir()):
            if path.is_file():
                tar.add(path, path.name, filter=anonymous)
    return base64.b64encode(made.getvalue()).decode()


def anonymous(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    return entry


def run(client: Dokploy, service: Service, command: str) -> None:
    """Runs a command in the container to its end. Raises EngineError where it fails."""
    going = Run(client, service, "deliver", command)
    try:
        said = list(going.lines(lambda: None))
    finally:
        going.forget()
    if going.record is None or going.record.status != DONE:
        raise EngineError("ops", "files did not arrive", "room in /tmp of the container", "df -h", tuple(said[-5:]))
