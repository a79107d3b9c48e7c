"""The stores of a stack, a file for each: its settings, its service, and what the others are told of it. Pure."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import BaseModel

    from slipway.config.settings import Settings
    from slipway.stack.voice import Addresses, Voice

    Telling = Callable[[Settings, Addresses, Voice], dict[str, str]]

# In the order in which everything lists them. A store's file, template, gate and service have its name.
NAMES = ("postgres", "redis", "objects")
# Of those, the ones that a backup keeps whole, as one file of the server's own: data/NAME has their PART.
WHOLE = ("redis",)


def nothing(*told: object) -> dict:
    return {}


def unsaid(settings: Settings) -> str:
    return ""


@dataclass(frozen=True)
class Store:
    """What the file of a store says, as its STORE."""

    name: str
    groups: Mapping[str, type[BaseModel]]  # its settings, by their heading in .env
    image: Callable[[Settings], str | None]  # the official one; None where one is built here whatever IMAGES says
    memory: Callable[[Settings], int]  # its limit in bytes
    address: Callable[[Settings], str]  # host and port, as seen from the services beside it
    secrets: Callable[[Settings], list[str]]  # keys of those that it cannot do without
    app: Telling  # what the app is told of it
    ops: Telling  # what the data side is told of it
    environment: Telling = nothing  # what its own service is told, beside what its template says
    values: Callable[[Settings], dict[str, object]] = nothing  # what its template may ask for
    bundled: Callable[[Settings], bool] = lambda settings: True  # whether the stack runs it, or it is elsewhere
    excess: Callable[[Settings], str] = unsaid  # what the app may there beyond its own, as a sentence
    data_of: Callable[[Settings], str] = unsaid  # the setting that decides who can read its data, as in .env
    complaint: str = ""  # pattern of the lines of its log that say why it ends; the group is what they say
    official: tuple[str, ...] = ()  # every tag of an official image that it may run
    floors: tuple[str, ...] = ("base",)  # what an image of it that is built here stands on,
    build_arguments: Callable[[Settings], dict[str, str]] = nothing  # and what else that build is told
    # Of those in WHOLE: the setting of whether backups keep it, backup_NAME, and what it is called in sentences.
    kept: type[BaseModel] | None = None
    title: str = ""


def whole(name: str) -> Store | None:
    """The store of that name, where it is one that a backup keeps whole."""
    return next((store for store in load() if store.name == name), None) if name in WHOLE else None


def reason(name: str, log: Sequence[str]) -> str:
    """Why a store ended, by the last of its own complaints in its log; empty where it made none, or is no store."""
    pattern = next((store.complaint for store in load() if store.name == name), "")
    said = [found[1].strip() for line in log if pattern and (found := re.search(pattern, line))]
    return "; ".join(dict.fromkeys(said[-2:]))


def excess(settings: Settings) -> dict[str, str]:
    """What the app may beyond its own, by the store where no setting takes it away."""
    return {store.name: said for store in load() if (said := store.excess(settings))}


@functools.cache
def load() -> tuple[Store, ...]:
    """Every store. The names alone cost nothing, which is what the data side needs: it has no pydantic."""
    return tuple(import_module(f"{__name__}.{name}").STORE for name in NAMES)
