"""Names of images: whether they say a version."""

from __future__ import annotations

import re

# ${NAME}, ${NAME:-default} and their like; only the default of one tells anything.
VARIABLE = re.compile(r"\$\{\w+(?::?[-+?]([^{}]*))?\}|\$\w+")
DEFAULT = re.compile(r"\$\{\w+:?-([^{}]*)\}")


def pinned(image: str) -> bool:
    """Whether an image has a digest or a tag other than latest; of one with variables, as far as their defaults tell."""
    named = VARIABLE.sub("", known := DEFAULT.sub(lambda found: found[1], image))
    if "@" in named or named != known:
        return True
    _, colon, tag = named.rsplit("/", 1)[-1].partition(":")
    return bool(colon) and tag != "latest"
