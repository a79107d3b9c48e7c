"""What Dokploy makes of a `.env`: it reads it with the npm package `dotenv` (16.4.5), and writes what that found."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# The blanks and the ends of lines of JavaScript's expressions, which are not Python's.
BLANK = r"[\t\n\v\f\r \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000\ufeff]"
ENDS = r"\n\r\u2028\u2029"
START, END = rf"(?:\A|(?<=[{ENDS}]))", rf"(?=[{ENDS}]|\Z)"
LINE = re.compile(
    rf"{START}{BLANK}*(?:export{BLANK}+)?([A-Za-z0-9_.-]+)(?:{BLANK}*={BLANK}*?|:{BLANK}+?)"
    rf"({BLANK}*'(?:\\'|[^'])*'|{BLANK}*\"(?:\\\"|[^\"])*\"|{BLANK}*`(?:\\`|[^`])*`|[^#\r\n]+)?"
    rf"{BLANK}*(?:#[^{ENDS}]*)?{END}"
)
QUOTES = "'`\""
QUOTED = re.compile(rf"{START}(['\"`])([\s\S]*)\1{END}")
BLANKS = "".join(chr(code) for code in range(0x10000) if re.fullmatch(BLANK, chr(code)))
# What Compose makes of a backslash in double quotes (compose-go, dotenv/parser.go).
ESCAPES = {
    **{"a": "\a", "b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", "v": "\v"},
    **{'"': '"', "\\": "\\", "$": "$"},
}
COMMENT = re.compile(r"\s#")


@dataclass(frozen=True)
class Setting:
    """What dotenv reads: a key, its value, and the value as it is written; begin, start (of the value) and end in the text."""

    key: str
    value: str
    written: str
    begin: int
    start: int
    end: int


def read(text: str) -> Iterator[Setting]:
    """Every setting that dotenv finds, in the order of the file; of a key that is there twice, the last counts."""
    for found in LINE.finditer(unify(text)):
        written = (found[2] or "").strip(BLANKS)
        start = found.start(2) + len(found[2]) - len(found[2].lstrip(BLANKS)) if found[2] else found.end()
        yield Setting(found[1], unquote(written), written, found.start(1), start, found.end())


def unify(text: str) -> str:
    """A text with every line ended by a new line alone, as dotenv takes it."""
    return re.sub(r"\r\n?", "\n", text)


def unquote(written: str) -> str:
    value = QUOTED.sub(lambda found: found[2], written)
    if written[:1] == '"':
        value = value.replace("\\n", "\n").replace("\\r", "\r")
    return value


def quote(value: str) -> str | None:
    """A value as it is written so that Dokploy reads just that: in the first quotes that hold it; None if none do."""
    for written in (f"'{value}'", f"`{value}`", f'"{value}"', value):
        if holds(written, value):
            return written
    return None


def holds(written: str, value: str) -> bool:
    """Whether dotenv reads a value from what is written, whatever stands on the lines before and after it."""
    if in_quotes(written):
        # A backslash before the last quote lets dotenv look for another one on later lines.
        alone = written[0] not in value and not value.endswith("\\")
    else:
        alone = "\n" not in value and value[:1] not in tuple(QUOTES)
    first = next(read(f"A={written}\n"), None)
    return alone and first is not None and (first.key, first.value) == ("A", value)


def expected(written: str) -> str:
    """The value that people mean, and Compose alone reads: a # within a word is part of it, \\\" in double quotes a quote."""
    if in_quotes(written) and written[0] != '"':
        return written[1:-1]
    if in_quotes(written):
        return re.sub(r"\\(.)", lambda found: ESCAPES.get(found[1], found[0]), written[1:-1], flags=re.DOTALL)
    return COMMENT.split(written, maxsplit=1)[0].strip()


def in_quotes(written: str) -> bool:
    """Whether a value stands in quotes of one kind."""
    return len(written) > 1 and written[0] == written[-1] and written[0] in QUOTES
