"""Lines added to a `.env` file: only keys that it does not have, and each value so that it is read as it was given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.config import lines
from slipway.errors import SettingsError
from slipway.system import disk


@dataclass(frozen=True)
class Added:
    """Keys that were written, those that were there with this value or another, and those that no line can hold."""

    written: tuple[str, ...]
    same: tuple[str, ...]
    other: tuple[str, ...]
    unwritable: tuple[str, ...]


def add(path: Path, values: Mapping[str, str]) -> Added:
    """Puts what is not there behind the last line, and the file's mode to 0600. Nothing that is there changes."""
    text = lines.read_text(path) if path.exists() else ""
    there = {key: value for key, value, _ in lines.of_text(text, path.name)}
    new = {key: line(key, value) for key, value in values.items() if key not in there}
    added = {key: each for key, each in new.items() if each is not None}
    if added:
        end = "" if not text or text.endswith("\n") else "\n"
        disk.replace(path.resolve(), text + end + "".join(f"{each}\n" for each in added.values()), 0o600)
    return Added(
        tuple(added),
        tuple(key for key, value in values.items() if key in there and there[key] == value),
        tuple(key for key, value in values.items() if key in there and there[key] != value),
        tuple(key for key in new if key not in added),
    )


def line(key: str, value: str) -> str | None:
    """KEY=value in quotes that every reader takes alike; None where there are none, as for a carriage return."""
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    forms = (f"{key}='{value}'", f'{key}="{escaped}"')
    return None if {"\r", "\0"} & set(value) else next((each for each in forms if reads_back(each, key, value)), None)


def reads_back(text: str, key: str, value: str) -> bool:
    try:
        return [(name, found) for name, found, _ in lines.of_text(text, "")] == [(key, value)]
    except SettingsError:
        return False
