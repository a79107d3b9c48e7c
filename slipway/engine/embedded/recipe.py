"""How this engine runs a service: what is executed, what must be there before, how it ends."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from slipway.system import inherited

if TYPE_CHECKING:
    from slipway.config.settings import Settings
    from slipway.stack.model import Stack

UTC = {"TZ": "UTC"}  # as in a container


@dataclass(frozen=True)
class Spec:
    """What the launcher executes. The environment is that of any shell, and what the service itself is told."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    pid_file: str
    content: str = ""  # digest of the files that it runs from, so that an edited app is a changed one

    def text(self) -> str:
        """As the launcher reads it, with what it inherits from the shell that starts it."""
        program = shutil.which(self.argv[0]) or self.argv[0]
        return dumped(
            asdict(self) | {"argv": (program, *self.argv[1:]), "env": inherited.pick() | UTC | dict(self.env)}
        )

    def fingerprint(self) -> str:
        """The same from every shell: another PATH or home is no reason to restart a database."""
        return hashlib.sha256(dumped(asdict(self)).encode()).hexdigest()[:16]


def dumped(values: Mapping) -> str:
    return json.dumps(values, indent=1, sort_keys=True)


def spec(name: str, home: Path, argv: list, env: Mapping[str, str], cwd: Path, content: str = "") -> Spec:
    return Spec(tuple(map(str, argv)), env, str(cwd), str(home / name / "pid"), content)


def nothing(*told: object) -> None:
    pass


@dataclass(frozen=True)
class Recipe:
    """One service. `home` is the directory of the stack, in which each service has one by its name."""

    make: Callable[[Stack, Path, Path, Mapping[str, int]], Spec]  # of the stack, its root, its home and its ports
    stop: tuple[str, int]  # the signal, and the seconds until it is killed
    retries: int = 3  # a store may need a moment until what a crash left is gone
    folders: tuple[str, ...] = ()  # below its own
    refuse: Callable[[Path, Settings], None] = nothing  # what in its home stands against a start, said before any stop
    prepare: Callable[[Path, Settings], None] = nothing  # puts into its home what it must find when it starts
    wheel: str = ""  # what of it comes as a wheel, for people
    describe: Callable[[Path, Settings], str] | None = None  # its program and the image that containers have instead


def write_private(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)
