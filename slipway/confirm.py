"""What takes data away goes on when its name is typed."""

from __future__ import annotations

import sys

from slipway.errors import SettingsError


def by_name(what: str, name: str, because: str, command: str, question: str = "") -> None:
    """Asks for `name`. Raises SettingsError for another one, and, naming `command`, where there is no terminal to ask on."""
    if not sys.stdin.isatty():
        raise SettingsError(what, "no terminal to ask on", f"--yes, because {because}", command)
    if input(f"{question}Type {name} to go on: ").strip() != name:
        raise SettingsError(what, "another name", name, "nothing was touched")
