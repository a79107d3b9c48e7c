"""What the data side can be asked for, with types: each room lists its own verbs beside its trade, in its `interface.py`."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

A = TypeVar("A")
R = TypeVar("R", covariant=True)


@dataclass(frozen=True)
class Nothing:
    """No arguments, or an answer that says only that it was done."""


@dataclass(frozen=True)
class Verb(Generic[A, R]):
    """One piece of work on the data: what it is called, what it takes, and what it answers.

    What works for long on much data gets a process of its own (`alone`), whose memory ends with it. The others share
    one where an engine keeps it: starting Python costs more than most of them do.
    """

    name: str
    work: str  # module:function, by text, so that one verb does not pay for what another imports
    takes: type[A]
    gives: type[R]
    alone: bool = False
    confidential: bool = False  # its arguments or its answer hold a secret, which no command line and no log may show

    def function(self) -> Callable[..., R]:
        """(endpoints, arguments, emit) -> answer."""
        module, name = self.work.split(":")
        return getattr(importlib.import_module(module), name)
