"""`db.new`: a pair of empty migration files, numbered as the directory is."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from slipway.environment import ROOT
from slipway.errors import SettingsError

NUMBER = re.compile(r"([0-9]+)_.*\.sql")
TIMESTAMP = 14  # digits of YYYYMMDDhhmmss
UP = "-- What changes, and why.\n"
DOWN = "-- The exact way back.\n"


def run(on: str, reporter, name: str) -> None:
    """Writes NNN_name.up.sql and NNN_name.down.sql into migrations/."""
    words = "_".join(re.findall(r"[a-z0-9]+", name.lower()))
    if not words:
        raise SettingsError(
            "db.new", f'"{name}"', "a name with letters or digits, such as add_tags", "./invoke db.new add_tags"
        )
    folder = ROOT / "migrations"
    folder.mkdir(exist_ok=True)
    number = next_number((path.name for path in folder.iterdir()), datetime.now(UTC))
    pair = [(folder / f"{number}_{words}.up.sql", UP), (folder / f"{number}_{words}.down.sql", DOWN)]
    for path, text in pair:
        with open(path, "x", encoding="utf-8") as file:
            file.write(text)
    reporter.done(
        "Wrote " + " and ".join(f"migrations/{path.name}" for path, _ in pair) + ".",
        files=[f"migrations/{path.name}" for path, _ in pair],
    )


def next_number(names: Iterable[str], now: datetime) -> str:
    """The next number in the directory's own manner: timestamps where it has them, else one more, as wide as the last."""
    numbers = sorted((match[1] for match in map(NUMBER.fullmatch, names) if match), key=int)
    if not numbers:
        return "001"
    last = numbers[-1]
    if len(last) == TIMESTAMP:
        return max(now.strftime("%Y%m%d%H%M%S"), str(int(last) + 1))
    return str(int(last) + 1).zfill(len(last))
