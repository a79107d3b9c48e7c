"""The lines of a `.env` file: each key with its value as it stands, and what could be read in two ways refused."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

from slipway.errors import SettingsError

# \n and its like in double quotes: a new line to most readers of such files, and half of a Windows path to people.
AMBIGUOUS = re.compile(r'=\s*"(?:[^"\\]|\\[^abfnrtv])*\\[abfnrtv]')
# A value in quotes, and a comment: what stands in them is kept, or nobody's.
QUIET = re.compile(
    r"""(?<==)[ \t]*(?:'(?:\\.|[^'\\])*'|"(?:\\.|[^"\\])*")|[ \t]#[^\r\n]*""",
    re.DOTALL,
)
# Blanks that the parser drops from the end of a value, and other programs keep.
UNUSUAL = re.compile(r"[^\S \t\r\n]")
BLANKS = " \t\r\n"
SINGLE = "single quotes, between which every character but the quote stands for itself, and a new line can be typed"


def read(path: Path) -> Iterator[tuple[str, str, str]]:
    """Key, value and place (`.env line 12`) of each setting. Raises SettingsError for a line that is none."""
    yield from of_text(read_text(path), path.name)


def of_text(text: str, file: str) -> Iterator[tuple[str, str, str]]:
    """The same of the text of a file."""
    from dotenv.parser import parse_stream

    for binding in parse_stream(io.StringIO(text)):
        place = f"{file} line {line_of(binding.original)}"
        # A key in quotes may hold anything, a new line too.
        if binding.error or (binding.key and (binding.value is None or not binding.key.isprintable())):
            raise SettingsError(
                place,
                "a line that is not KEY=value",
                'KEY=value, KEY="a value with spaces", or # a comment',
                f"edit {file}",
            )
        if binding.key is None:
            continue
        if found := ambiguity(binding.original.string.strip(BLANKS), binding.key):
            raise SettingsError(place, found, SINGLE, f"edit {file}")
        yield binding.key, binding.value or "", place


def ambiguity(line: str, key: str) -> str:
    """What of a line programs read in two ways; empty where there is nothing."""
    if AMBIGUOUS.search(line):
        return f"a backslash before a letter in {key}, in double quotes, where some programs take it for a control character"
    head, _, value = line.partition("=")
    if odd := UNUSUAL.search(QUIET.sub("", f"{head}={value}")):
        return f"the blank U+{ord(odd[0]):04X} in {key}, outside of quotes, where some programs drop it"
    return ""


def read_text(path: Path) -> str:
    """The text of a file in UTF-8. Raises SettingsError for any other."""
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise SettingsError(
            path.name, f"byte {error.start} is not UTF-8", "a text file in UTF-8", f"save {path.name} as UTF-8"
        ) from None
    except OSError as error:
        raise SettingsError(
            path.name, error.strerror or "unreadable", "a readable file", f"ls -l {path.name}"
        ) from None
    if "\0" in text:
        raise SettingsError(path.name, "a NUL character", "a text file in UTF-8", f"edit {path.name}")
    return text


def line_of(original) -> int:
    """The parser counts blank lines to what follows them; people do not."""
    blank = original.string[: len(original.string) - len(original.string.lstrip())]
    return original.line + blank.count("\n")
