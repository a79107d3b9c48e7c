"""Text that never prints, and the masker that everything a run shows, keeps or hands to a hook goes through."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, unquote, urlsplit

MASK = "•••"
SHORTEST_MASKED = 4  # masking a one-letter password would garble every sentence and hide nothing
SHORTEST_PATH = 8  # a webhook's path is its key; /api is nobody's
USERINFO = re.compile(r"(?<=://)[^/@\s]+(?=@)")
ESCAPED = re.compile("%[0-9A-F]{2}")


@dataclass(frozen=True)
class Secret:
    """Text that prints as •••; `.value` is the text."""

    value: str = ""

    def __repr__(self) -> str:
        return MASK if self.value else ""

    __str__ = __repr__

    def __bool__(self) -> bool:
        return bool(self.value)


NO_SECRET = Secret()


class Masker:
    """Puts ••• in the place of each secret, however it is spelt (see `spellings`)."""

    def __init__(self, secrets: Iterable[str] = ()):
        found = {form for secret in secrets for form in spellings(secret) if len(form) >= SHORTEST_MASKED}
        # The longest first: a password that is part of a URL must not leave the rest of it standing.
        longest_first = sorted(found, key=len, reverse=True)
        self.pattern = re.compile("|".join(map(re.escape, longest_first))) if found else None

    def text(self, text: str) -> str:
        return self.pattern.sub(MASK, text) if self.pattern else text

    def data(self, value: Any) -> Any:
        """The same mappings and lists with every text masked; other values, and keys, as they are."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, dict):
            return {key: self.data(each) for key, each in value.items()}
        return [self.data(each) for each in value] if isinstance(value, list | tuple) else value


def spellings(secret: str) -> set[str]:
    """The forms in which a message or a log may hold a secret: as it is, each of its lines, what a URL keeps secret,
    and each of these percent-encoded, decoded, and escaped as in JSON and in Python.
    """
    plain = {secret, *(secret.splitlines() if "\n" in secret else ()), *secret_parts(secret)}
    plain |= {unquote(each) for each in plain}
    encoded = {quote(each, safe=safe, errors="surrogateescape") for each in plain for safe in ("", "/")}
    encoded |= {ESCAPED.sub(lambda found: found[0].lower(), each) for each in encoded}
    escaped = {json.dumps(each, ensure_ascii=ascii)[1:-1] for each in plain for ascii in (True, False)}
    return plain | encoded | escaped | {repr(each)[1:-1] for each in plain}


def secret_parts(url: str) -> set[str]:
    """What a URL holds that is a secret alone: its password, and of a web address the path, as a webhook's is.

    Not a password that is the user's name: postgres:postgres hides nothing, and is a word of our sentences.
    """
    try:
        parts = urlsplit(url)
    except ValueError:
        return set()
    path = url.partition("://")[2].partition("/")[2] if parts.scheme in ("http", "https") else ""
    password = "" if parts.password == parts.username else parts.password
    return {each for each in (password or "", path if len(path) >= SHORTEST_PATH else "") if each}


def hide_userinfo(text: str) -> str:
    """The text with ••• for the user and password of each URL, whosever they are."""
    return USERINFO.sub(MASK, text)


# A process works on one environment, and its secrets are known as soon as its settings are read.
_known = Masker()


def learn(masker: Masker) -> None:
    """Makes `mask` and `mask_data` hide what this masker hides, and nothing else."""
    global _known
    _known = masker


def mask(text: str) -> str:
    """The text as it may be shown: every secret of the environment's settings is •••."""
    return _known.text(text)


def mask_data(value: Any) -> Any:
    """Plain data as it may be kept and handed on: every secret of the environment's settings is •••."""
    return _known.data(value)
