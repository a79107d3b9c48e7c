"""Names of buckets and objects, which pages of a list they are on, and byte ranges. Pure."""

from __future__ import annotations

import re
import unicodedata
from base64 import b64decode, urlsafe_b64encode
from collections.abc import Sequence
from dataclasses import dataclass

from backend.domain.errors import BadQuery, Invalid
from backend.domain.objects import StoredObject

KEY_BYTES = 1024 - 37  # S3's limit, without the version that is put behind
SEGMENT_BYTES = 255  # stores that keep objects as files have that limit
BUCKET_LENGTH = 100
SPAN = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def checked(bucket: str, name: str) -> None:
    """Refuse a name that one of the usual stores would refuse, or take for another. Raises Invalid."""
    if not 1 <= len(bucket) <= BUCKET_LENGTH or "/" in bucket or bucket in (".", ".."):
        raise Invalid(f"The bucket's id is no name of 1 to {BUCKET_LENGTH} characters without a slash.")
    for each in (bucket, name):
        if any(unicodedata.category(sign) in ("Cc", "Cs") or sign == "\ufffd" for sign in each):
            raise Invalid("The name has a control character, or bytes that are no UTF-8.")
    parts = name.split("/")
    if any(part in ("", ".", "..") for part in parts):
        raise Invalid("The name has an empty part, . or .. between slashes; expected folder/file.")
    if any(len(part.encode()) > SEGMENT_BYTES for part in parts) or len(f"{bucket}/{name}".encode()) > KEY_BYTES:
        raise Invalid(f"The name is too long: at most {SEGMENT_BYTES} bytes between slashes, {KEY_BYTES} in all.")


@dataclass(frozen=True, slots=True)
class ObjectSlice:
    """Which objects of a bucket to list: those that begin with `prefix`, by name, after a name."""

    prefix: str
    limit: int
    after: str | None = None


@dataclass(frozen=True, slots=True)
class FolderSlice:
    """What to list of a folder (its name with the slash at its end), by which column, from where."""

    folder: str
    limit: int = 100
    offset: int = 0
    search: str = ""
    column: str = "name"
    descending: bool = False


@dataclass(frozen=True, slots=True)
class ObjectPage:
    """Some objects; `next` is the value of `after` for the page that follows."""

    items: Sequence[StoredObject]
    next: str | None


def page(rows: Sequence[StoredObject], limit: int) -> ObjectPage:
    """The first `limit` of `rows`; one row more than that says that there is a next page."""
    shown = rows[:limit]
    return ObjectPage(shown, token(shown[-1].name) if len(rows) > limit else None)


def token(name: str) -> str:
    """`name` as the opaque text that clients pass back as `after`."""
    return urlsafe_b64encode(name.encode()).decode().rstrip("=")


def name_of(text: str) -> str:
    """The inverse of `token`. Raises BadQuery for any other text."""
    try:
        found = b64decode(text + "=" * (-len(text) % 4), b"-_", validate=True).decode()
    except ValueError:
        found = "\0"
    if "\0" in found:
        raise BadQuery("after is not a token that this list gave; start again without it.")
    return found


@dataclass(frozen=True, slots=True)
class Span:
    """The bytes from `first` to `last`, both included."""

    first: int
    last: int

    @property
    def length(self) -> int:
        """How many there are."""
        return self.last - self.first + 1


class NoSuchSpan(Exception):
    """A range that begins behind the end."""


def span(header: str | None, size: int) -> Span | None:
    """The range that a Range header asks for; None for the whole, also where it cannot be read. Raises NoSuchSpan."""
    found = SPAN.fullmatch((header or "").strip())
    if not found or size == 0 or found[1] == found[2] == "":
        return None
    if found[1] == "":
        first, last = max(0, size - int(found[2])), size - 1
    else:
        first, last = int(found[1]), min(int(found[2] or size), size - 1)
        if found[2] and int(found[2]) < first:
            return None
    if first >= size:
        raise NoSuchSpan
    return Span(first, last)
