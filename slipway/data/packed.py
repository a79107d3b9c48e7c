"""Arguments of a verb as one word that every shell takes as it is: for engines whose commands pass through other hands."""

from __future__ import annotations

import base64
import zlib

SIGN = "z:"


def is_packed(word: str) -> bool:
    return word.startswith(SIGN)


def pack(text: str) -> str:
    """The text as `z:` and letters, digits, - and _, compressed."""
    return SIGN + base64.urlsafe_b64encode(zlib.compress(text.encode(), 9)).decode().rstrip("=")


def read(word: str) -> str:
    """The text of a packed word; any other word is the text itself. Raises ValueError for one that is damaged."""
    if not is_packed(word):
        return word
    code = word.removeprefix(SIGN)
    try:
        return zlib.decompress(base64.urlsafe_b64decode(code + "=" * (-len(code) % 4))).decode()
    except zlib.error as error:
        raise ValueError(str(error)) from None
