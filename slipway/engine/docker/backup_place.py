"""The place of the backups on a Docker engine: a volume that Compose takes as given, or a directory of the machine."""

from __future__ import annotations

import os
from pathlib import Path

from slipway.engine.docker.client import Connection
from slipway.errors import EngineError
from slipway.stack.accounts import ACCOUNTS
from slipway.stack.model import Stack

USER = ACCOUNTS.ops


def ensure(connection: Connection, stack: Stack) -> None:
    """Makes it where it is missing; what is there stays as it is. Raises EngineError for a directory that cannot be."""
    if not stack.settings.backup_dir:
        connection.api.api.create_volume(stack.backups, labels={"slipway.stack": stack.name})
    elif connection.local:
        directory(Path(stack.settings.backup_dir))


def directory(path: Path) -> None:
    """A directory that ops may write: the engine would make one for root alone."""
    if path.is_dir():
        return
    try:
        path.mkdir(parents=True, mode=0o700)
        os.chown(path, USER, USER)
    except OSError as error:
        raise EngineError(
            "BACKUP_DIR",
            f"{path}: {error.strerror}",
            f"a directory that user {USER} may write",
            f"sudo install -d -o {USER} -g {USER} -m 700 '{path}'",
        ) from None


def describe_place(stack: Stack) -> str:
    return stack.settings.backup_dir or f"volume {stack.backups}"
