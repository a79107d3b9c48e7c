"""`.env` files: read into Settings with errors that name line and key, written with fresh secrets, documented."""

from __future__ import annotations

import difflib
import os
import re
import secrets
import stat
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.config import lines, secret_strength
from slipway.config.settings import GROUPS, LOCAL, Settings
from slipway.errors import SettingsError
from slipway.system.redact import hide_userinfo

PREFIX = "APP_ENV_"
APP_KEY = re.compile(r"APP_ENV_[A-Za-z_][A-Za-z0-9_]*")  # it becomes ${…} in the rendered file
KEYS = {name.upper(): field for name, field in Settings.model_fields.items() if name != "app_env"}
SHOWN = 80  # characters of a value that is told
LONGEST_KEY = 40  # characters of an unknown key that is told
IDENTITY = ("ENVIRONMENT", "PROJECT", "STACK_ID")  # which stack is meant
HEADINGS = {next(iter(first.model_fields)).upper(): heading for heading, (first, *_) in GROUPS.items()}


@dataclass(frozen=True)
class Entry:
    """One value and where it was said: `.env line 12`, or `the environment`."""

    value: str
    place: str


def path_of(root: Path, on: str | None) -> Path:
    return root / (".env" if on in (None, "", LOCAL) else f".env.{on}")


def load(root: Path, on: str | None, environ: Mapping[str, str]) -> Settings:
    """Settings of an environment, from its file and then the process environment, which wins.

    Raises SettingsError for the first key that is unknown, malformed, contradictory, missing or too weak.
    """
    settings = parse(root, on, environ)
    secret_strength.check(settings, path_of(root, on))
    return settings


def parse(root: Path, on: str | None, environ: Mapping[str, str]) -> Settings:
    """The same without asking for secrets: enough to render, which needs none."""
    path = path_of(root, on)
    entries = read(path) if path.exists() else {}
    known = {
        key: Entry(value, f"{key} in the environment")
        for key, value in environ.items()
        if (key in KEYS or APP_KEY.fullmatch(key)) and not (key in IDENTITY and value == "")
    }
    named = {"ENVIRONMENT": Entry(on, f"--on {on}")} if on not in (None, "", LOCAL) else {}
    for key in IDENTITY:
        refuse_contradiction([said[key] for said in (named, entries, known) if key in said and said[key].value])
    if named:
        entries.setdefault("ENVIRONMENT", Entry(on, path.name))
    return validate(entries | known, path.name)


def refuse_contradiction(said: Sequence[Entry]) -> None:
    """Raises SettingsError when two places name two stacks: what is meant for one must not be done to another."""
    for other in said[1:]:
        if other.value != said[0].value:
            raise SettingsError(
                other.place,
                f'"{other.value}"',
                f'"{said[0].value}", as {said[0].place} says',
                "say it in one place, or the same in both; nothing was touched",
            )


def read(path: Path) -> dict[str, Entry]:
    """Entries of a `.env` file, each with its line. Values are literal: `$` expands nothing."""
    entries: dict[str, Entry] = {}
    for key, value, place in lines.read(path):
        if key in entries:
            raise SettingsError(
                place,
                f"{key} a second time (first: {entries[key].place})",
                "each key once",
                f"remove one of them from {path.name}",
            )
        if key not in KEYS and not APP_KEY.fullmatch(key):
            raise unknown(key, place, path.name)
        entries[key] = Entry(value, f"{key} in {place}")
    return entries


def unknown(key: str, place: str, file: str) -> SettingsError:
    near = difflib.get_close_matches(key, KEYS, n=1, cutoff=0.6)
    expected = f"{near[0]}, perhaps" if near else "a key of .env.example, or APP_ENV_NAME for the app's own environment"
    # A line of a key that was pasted without quotes ends in =, too.
    told = key if len(key) <= LONGEST_KEY else f"of {len(key)} characters"
    return SettingsError(place, f"unknown key {told}", expected, f"edit {file}")


def validate(entries: Mapping[str, Entry], file: str) -> Settings:
    from pydantic import ValidationError

    for key, entry in entries.items():
        refuse_unwritable(key, entry)
    values = {key.lower(): entry.value for key, entry in entries.items() if key in KEYS and entry.value != ""}
    values["app_env"] = {
        key.removeprefix(PREFIX): entry.value
        for key, entry in entries.items()
        if key.startswith(PREFIX) and entry.value != ""
    }
    try:
        return Settings(**values)
    except ValidationError as error:
        raise explain(error.errors()[0], entries, file) from None


def refuse_unwritable(key: str, entry: Entry) -> None:
    """Raises SettingsError for a value that is no text: the environment of a process may hold any bytes."""
    try:
        entry.value.encode()
    except UnicodeEncodeError as error:
        raise SettingsError(
            entry.place, f"character {error.start + 1} is not UTF-8", "text in UTF-8", f"change {key} where it is set"
        ) from None


def explain(problem: dict, entries: Mapping[str, Entry], file: str) -> SettingsError:
    """One sentence from pydantic's first problem; a secret's value is never repeated."""
    message = problem["msg"].removeprefix("Value error, ")
    key = str(problem["loc"][0]).upper() if problem["loc"] else ""
    if "\0" in message:
        key, message = message.split("\0")
    entry = entries.get(key, Entry("", f"{key} in {file}"))
    shown = "a value that is not shown, because it is secret" if secret(key) else f'"{shorten(entry.value)}"'
    expected = message.removeprefix("Input should be ").replace(
        "valid integer, unable to parse string as an integer", "whole number"
    )
    then = f"change {key} where it is set, or unset it" if entry.place.endswith("environment") else f"edit {file}"
    return SettingsError(entry.place, shown if entry.value else "no value", expected, then)


def shorten(value: str) -> str:
    """A value as it may be told: its first line, cut, control characters spelled out, and no password of a URL."""
    first, *more = value.splitlines() or [""]
    masked = hide_userinfo(first)
    cut = masked if len(masked) <= SHOWN else masked[:SHOWN] + "…"
    spelled = "".join(each if each.isprintable() else repr(each)[1:-1] for each in cut)
    return spelled + (" …" if more else "")


def secret(key: str) -> bool:
    field = KEYS.get(key)
    return key.startswith(PREFIX) or (field is not None and "Secret" in repr(field.annotation))


def example() -> str:
    """The text of `.env.example`: every setting with its documentation, its default, and whether it is secret."""
    head = (
        "# Every setting of Slipway. ./invoke init writes .env from this, with random secrets.",
        "# Values are literal; quote one that holds spaces or #. The process environment wins over the file.",
    )
    return "\n".join((*head, *_lines({}))) + "\n"


def _lines(values: Mapping[str, str]) -> Iterable[str]:
    for key, field in KEYS.items():
        if key in HEADINGS:
            yield f"\n# --- {HEADINGS[key]} ---"
        yield f"\n# {field.description}{' Secret.' if secret(key) else ''}"
        default = field.default if isinstance(field.default, (str, int)) and not isinstance(field.default, bool) else ""
        yield f"{key}={values[key]}" if key in values else f"#{key}={default}"
    yield f"\n# {Settings.model_fields['app_env'].description}"
    yield "#APP_ENV_LOG_LEVEL=info"


def fresh_secrets() -> dict[str, str]:
    """A random value for every secret that is ours to make."""
    return {
        key: extra["prefix"] + secrets.token_hex(extra["digits"] // 2)
        for key, field in KEYS.items()
        if (extra := field.json_schema_extra)
    }


def write_fresh(path: Path) -> bool:
    """Writes a new settings file, mode 0600, with random secrets. Returns False, touching nothing, if it exists."""
    values = {"STACK_ID": secrets.token_hex(6)} | fresh_secrets()
    text = "\n".join(["# Settings of this stack. Keep it out of git: it holds the secrets.", *_lines(values)]) + "\n"
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return False
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
    except BaseException:
        # Half a file would be taken for a whole one by the next run.
        os.unlink(path)
        raise
    return True


def readable_by_others(path: Path) -> bool:
    return bool(stat.S_IMODE(path.stat().st_mode) & 0o077)
