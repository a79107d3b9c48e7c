"""Where a statement ends, found in bytes at the speed of regular expressions.

The lexical rules are those of `lexer`, which says what the words of a statement are; this module only finds its
borders, in files too long to be read word by word.
"""

from __future__ import annotations

import re

from slipway.data.sql import lexer


def compile_bytes(pattern: str) -> re.Pattern[bytes]:
    return re.compile(pattern.replace("LAST", r"\xff").encode(), re.VERBOSE | re.DOTALL)


RUN = compile_bytes(
    rf"""(?:
      [^\w;'"$/\\\x80-LAST-]++
    | (?![eE]'){lexer.WORD}
    | {lexer.NUMBER} | {lexer.TEXT} | {lexer.NAME} | {lexer.ESCAPED} | {lexer.COMMENT}
    | -(?!-) | /(?!\*)
)*+"""
)
BLANK = compile_bytes(rf"(?:[\s;]++|{lexer.COMMENT})*+")
DOLLAR = compile_bytes(lexer.DOLLAR)
EDGE = re.compile(rb"/\*|\*/")
BODY = re.compile(rb"\bATOMIC\b|\bRULE\b", re.I)


def statement(text: bytes, position: int) -> tuple[int, int | None, int]:
    """Where the next statement begins and ends, its semicolon included; without an end, what was opened last.

    At the end of the text both are its length.
    """
    start = BLANK.match(text, position).end()
    while text.startswith(b"/*", start):
        closed = comment_end(text, start)
        if closed is None:
            return start, None, start
        start = BLANK.match(text, closed).end()
    if text.startswith(b"\\", start):
        line = text.find(b"\n", start)
        return start, len(text) if line < 0 else line + 1, start
    position = start
    while (position := RUN.match(text, position).end()) < len(text):
        if text.startswith(b";", position):
            if not in_body(text, start, position):
                return start, position + 1, start
            position += 1
            continue
        after = find_closing(text, position)
        if after is None:
            return start, None, position
        position = after
    return start, len(text), start


def find_closing(text: bytes, position: int) -> int | None:
    """Where a comment or dollar quote that begins here ends; a lone character ends after itself; None: never."""
    if text.startswith(b"/*", position):
        return comment_end(text, position)
    if tag := DOLLAR.match(text, position):
        close = text.find(tag.group(), tag.end())
        return None if close < 0 else close + len(tag.group())
    return None if text[position : position + 1] in b"'\"eE" else position + 1


def comment_end(text: bytes, position: int) -> int | None:
    depth = 0
    for edge in EDGE.finditer(text, position):
        depth += 1 if edge.group() == b"/*" else -1
        if depth == 0:
            return edge.end()
    return None


def in_body(text: bytes, start: int, end: int) -> bool:
    """Whether the semicolon at `end` stands inside the body of a routine or rule."""
    if text[start : start + 6].upper() != b"CREATE" or not BODY.search(text, start, end):
        return False
    return lexer.inside_body(lexer.words_of(text[start:end].decode(errors="replace")))
