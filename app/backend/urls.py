"""URLs that hold a password: refused, without being quoted, where clients could misread them. Pure."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import SplitResult, urlsplit


def checked(value: str, schemes: Sequence[str], example: str) -> str:
    """`value` itself; ValueError says what is wrong with it."""
    if re.search(r"%(?![0-9A-Fa-f]{2})", value):
        raise ValueError("it has a % that starts no %XX code; write a literal % as %25")
    if not well_formed(value, schemes):
        raise ValueError(
            f"it is not a usable URL, expected the form {example} with special characters of the password percent-encoded"
        )
    return value


def well_formed(value: str, schemes: Sequence[str]) -> bool:
    """Whether clients cannot misread a part of the password as a host (which they would then print in errors)."""
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and "://" in value and unambiguous(parts) and ports_valid(parts)
    except ValueError:
        return False


def unambiguous(parts: SplitResult) -> bool:
    """Whether no unencoded `@`, `/` or `#` of a password has moved the borders of the URL's parts."""
    return parts.netloc.count("@") <= 1 and "@" not in parts.path and "@" not in parts.query and not parts.fragment


def ports_valid(parts: SplitResult) -> bool:
    """Whether the port is a number; a list of hosts (`a:1,b:2`, libpq only) is left for libpq to judge."""
    if "," in parts.netloc and parts.scheme.startswith("postgres"):
        return True
    return parts.port is None or parts.port > 0
