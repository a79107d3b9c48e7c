"""The mark of a stack's owner on a Docker engine: a volume without content, whose labels say it.

Making a volume that exists gives the one that is there: of two who come at once, both learn who was first. The volumes
that hold data cannot be marked later than they were made, and Compose asks to make those anew whose labels changed.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from slipway.engine import owner
from slipway.engine.docker.client import Connection
from slipway.engine.owner import Owner
from slipway.stack.model import Stack

PREFIX = "slipway.owner."


def name_of(stack: Stack) -> str:
    return f"{stack.name}-owner"


def read(connection: Connection, stack: Stack) -> Owner | None:
    """The owner that the stack of this name is marked with."""
    from docker.errors import NotFound

    try:
        return parse(connection.api.api.inspect_volume(name_of(stack)))
    except NotFound:
        return None


def claim(connection: Connection, stack: Stack, root: Path) -> None:
    """Marks the stack as that of this checkout. Raises SettingsError if another was first."""
    ours = owner.of(stack, root)
    kept = mark(connection, stack, ours)
    owner.refuse_other(kept, stack, root)
    if not owner.complete(kept, ours):
        release(connection, stack)
        owner.refuse_other(mark(connection, stack, ours), stack, root)


def mark(connection: Connection, stack: Stack, ours: Owner) -> Owner | None:
    labels = {"slipway.stack": stack.name} | {PREFIX + key: value for key, value in asdict(ours).items()}
    return parse(connection.api.api.create_volume(name_of(stack), labels=labels))


def release(connection: Connection, stack: Stack) -> None:
    """Takes the mark away, with the data that it was for; a stack without one is as it should be."""
    from docker.errors import NotFound

    with suppress(NotFound):
        connection.api.api.remove_volume(name_of(stack))


def parse(volume: dict) -> Owner | None:
    labels = volume.get("Labels") or {}
    said = {key.removeprefix(PREFIX): value for key, value in labels.items() if key.startswith(PREFIX)}
    return Owner(**{field: said.get(field, "") for field in Owner.__dataclass_fields__}) if said else None
