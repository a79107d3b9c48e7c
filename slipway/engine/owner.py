"""Whose stack goes by a name: two checkouts, or two pairs of PROJECT and ENVIRONMENT, can come to the same one."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from pathlib import Path

from slipway.config import envfile
from slipway.errors import SettingsError
from slipway.stack.model import Stack


@dataclass(frozen=True)
class Owner:
    """What a stack's data is marked with. `id` is empty for settings that were written before there was one."""

    id: str
    project: str
    environment: str
    place: str  # host and checkout, for people to find it

    @property
    def pair(self) -> str:
        return f"PROJECT={self.project}, ENVIRONMENT={self.environment}"


def of(stack: Stack, root: Path) -> Owner:
    """The owner that the settings of this checkout stand for."""
    settings = stack.settings
    return Owner(settings.stack_id, settings.project, settings.environment, f"{socket.gethostname()}:{root}")


def refuse_other(kept: Owner | None, stack: Stack, root: Path) -> None:
    """Raises SettingsError where the data of this name is marked as another owner's, before anything is touched."""
    ours = of(stack, root)
    if kept is None:
        return
    if (kept.project, kept.environment) != (ours.project, ours.environment):
        raise SettingsError(
            stack.name,
            f"what is there is that of {kept.pair}, of {kept.place}",
            f"that of {ours.pair}, as the settings of {root} have it",
            "set another PROJECT, or name the stack as it was named; nothing was touched",
        )
    if kept.id and kept.id != ours.id:
        file = envfile.path_of(root, ours.environment).name
        raise SettingsError(
            stack.name,
            f"another stack of that name is there (STACK_ID={kept.id}), that of {kept.place}",
            f"that of {root} (STACK_ID={ours.id or 'none'})",
            f"set another PROJECT in {file}; or STACK_ID={kept.id} there, if both are to be one stack; nothing was touched",
        )


def complete(kept: Owner | None, ours: Owner) -> bool:
    """Whether the mark says all that is known: one that was made without an id gets it."""
    return kept is not None and bool(kept.id or not ours.id)
