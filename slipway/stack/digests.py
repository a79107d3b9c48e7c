"""Which very image an official tag stands for here: a digest beside each tag, in one file, renewed by `images.update`."""

from __future__ import annotations

import functools
import json
import re
from collections.abc import Mapping
from pathlib import Path

from slipway.errors import SettingsError

FILE = Path(__file__).with_name("digests.json")
DIGEST = re.compile(r"sha256:[0-9a-f]{64}")


def pinned(tag: str) -> str:
    """The tag with its digest, which is what an engine pulls and builds on; the tag alone where none is known yet."""
    found = read().get(tag)
    return f"{tag}@{found['digest']}" if found else tag


def bare(reference: str) -> str:
    """How an engine lists an image that was pulled by its digest: without the tag that stood beside it."""
    name, at, digest = reference.partition("@")
    return f"{name.rsplit(':', 1)[0] if ':' in name.rsplit('/', 1)[-1] else name}@{digest}" if at else reference


@functools.cache
def read(file: Path = FILE) -> Mapping[str, Mapping[str, str]]:
    """{tag: {"digest": …, "on": the day that it was looked up}}. Raises SettingsError for any other content."""
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
        fits = all(DIGEST.fullmatch(each["digest"]) and each["on"] for each in found.values())
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        fits = False
    if fits:
        return found
    raise SettingsError(
        str(file),
        "not the digests of images",
        '{"caddy:2.11": {"digest": "sha256:…", "on": "2026-01-31"}}',
        f"git restore {file}, or ./invoke images.update",
    )


def text(found: Mapping[str, Mapping[str, str]]) -> str:
    """The file's text; the same digests give the same bytes."""
    return json.dumps(found, indent=1, sort_keys=True) + "\n"
