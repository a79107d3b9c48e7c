"""What was asked of a restore on the command line, and what of it cannot be meant."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slipway.data.restore.interface import Dropped, Given, Looked, Mask, PutBack, Restored
from slipway.errors import SettingsError
from slipway.stack import stores
from slipway.stack.stores import Store
from slipway.system.inherited import path_of

LARGEST_MASK = 64 * 2**10  # bytes; it travels as an argument
PARTS = ("db", "objects", *stores.WHOLE)


@dataclass(frozen=True)
class Wish:
    """What was asked for on the command line."""

    backup: str = ""
    into: str = ""
    tables: tuple[str, ...] = ()
    schema_only: bool = False
    drop_old: bool = False
    only: str = ""
    mask: Mask | None = None
    folder: str = ""
    options: str = field(default="", compare=False)  # as they were typed, for an advice to repeat

    @property
    def database(self) -> bool:
        return self.only in ("", "db")

    @property
    def objects(self) -> bool:
        return self.only in ("", "objects") and not self.into

    @property
    def whole(self) -> Store | None:
        """A store that is given back whole. Only where it is asked for: jobs and sessions of then would come to life again."""
        return stores.whole(self.only)


@dataclass
class Done:
    """What has been restored so far."""

    database: Restored | None = None
    objects: PutBack | None = None
    whole: Given | None = None
    dropped: Dropped | None = None


def read_wish(**asked) -> Wish:
    """Reads what was asked for. Raises SettingsError for what cannot be meant together."""
    options = describe_options(asked)
    tables = tuple(name.strip() for name in (asked.pop("tables", "") or "").split(",") if name.strip())
    file = asked.pop("mask", None)
    wish = Wish(
        tables=tables,
        mask=mask(file) if file else None,
        options=options,
        **{key: value for key, value in asked.items() if value},
    )
    if wish.only and wish.only not in PARTS:
        raise SettingsError("--only", wish.only, ", ".join(PARTS), "./invoke restore ID --only db")
    if wish.backup and wish.folder:
        raise SettingsError("restore", "a backup and a directory", "one of them", "./invoke restore --from-dir PATH")
    if not (wish.backup or wish.folder or wish.drop_old):
        raise SettingsError("restore", "no backup named", "the id of one, or latest", "./invoke backups.list")
    if (wish.tables or wish.schema_only) and not wish.into:
        raise SettingsError(
            "restore",
            "a part of a database in place of the whole one",
            "--into NAME with --tables and --schema-only",
            "./invoke restore ID --tables a --into NAME",
        )
    if not wish.database and (wish.into or wish.mask):
        alone = f"--only {wish.only}"
        raise SettingsError(alone, "an option that is for databases", "it alone", f"./invoke restore ID {alone}")
    return wish


def describe_options(asked: Mapping[str, object]) -> str:
    """The options of a restore as they are typed, each with a blank before it."""
    given = {key: value for key, value in asked.items() if value and key != "backup"}
    names = {key: "--from-dir" if key == "folder" else f"--{key.replace('_', '-')}" for key in given}
    return "".join(
        f" {names[key]}" if value is True else f" {names[key]} {shlex.quote(str(value))}"
        for key, value in given.items()
    )


def refuse_absent(wish: Wish, found: Looked) -> None:
    parts = [(wish.database, found.has_database, "database"), (wish.only == "objects", found.objects, "objects")]
    if store := wish.whole:
        parts.append((True, store.name in found.whole, f"copy of {store.title}"))
    for wanted, there, what in parts:
        if wanted and not there and (wish.only or what == "database"):
            raise SettingsError(
                f"backup {found.id}", f"it holds no {what}", "a part that it holds", "./invoke backups.list"
            )


def mask(path: str) -> Mask:
    """The masking SQL as it travels. Raises SettingsError for a file that is not there or too long."""
    try:
        text = path_of(path).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(
            "--mask",
            f"{path}: {getattr(error, 'strerror', None) or 'not UTF-8 text'}",
            "a file with SQL",
            f"ls -l {path}",
        ) from None
    if len(text.encode()) > LARGEST_MASK:
        raise SettingsError(
            "--mask",
            f"{len(text.encode()):,} bytes",
            f"{LARGEST_MASK:,} at most",
            "put what is long into a function of a migration",
        )
    return Mask(Path(path).name, text)
