"""Small JSON records in a directory that outlasts containers: what the data side found and did last."""

from __future__ import annotations

import json
from pathlib import Path

from slipway.errors import SettingsError
from slipway.system import disk


def write(folder: Path | None, name: str, record: dict) -> None:
    """Puts the record at `folder/name.json` whole or not at all, for its owner and group; no folder keeps nothing.

    Raises SettingsError when the folder cannot be written, EngineError when its disk is full.
    """
    if folder is None:
        return
    try:
        replace(folder, name, json.dumps(record, indent=1, sort_keys=True))
    except OSError as error:
        raise disk.full(error) or SettingsError(
            "STATE_DIR", f"{folder} cannot be written: {error.strerror}", "a directory of ours", f"ls -ld {folder}"
        ) from None


def replace(folder: Path, name: str, text: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    disk.replace(folder / f"{name}.json", text, 0o640)


def read(folder: Path | None, name: str) -> dict:
    """The record, or an empty one where there is none that can be read."""
    return read_all(folder)[0].get(name, {}) if folder else {}


def read_all(folder: Path | None) -> tuple[dict[str, dict], list[str]]:
    """Every record by name, and one sentence for each file that is not a JSON object."""
    records: dict[str, dict] = {}
    problems: list[str] = []
    for path in sorted(folder.glob("*.json")) if folder else ():
        try:
            record = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            record = None
        if isinstance(record, dict):
            records[path.stem] = record
        else:
            problems.append(f"{path.name} is not a JSON record")
    return records, problems
