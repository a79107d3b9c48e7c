"""The address of a request as it is sent: percent-encoded where HTTP wants it, and else as it was written."""

from __future__ import annotations

import re
from urllib.parse import quote

KEPT = "!$&'()*+,/:;=?@~%"  # what stands in a path or query as it is
LONE = re.compile("%(?![0-9A-Fa-f]{2})")


def encode(address: str) -> str:
    """The address without its fragment, with blanks, umlauts and their like encoded; what is encoded already stays."""
    head, mark, rest = address.partition("#")[0].partition("://")
    place, question, query = rest.partition("?")
    host, slash, path = place.replace("\\", "/").partition("/")  # to Postman both are slashes
    return f"{head}{mark}{host}{slash}{quoted(path)}{question}{quoted(query)}"


def quoted(text: str) -> str:
    return quote(LONE.sub("%25", text), safe=KEPT)


def add_query(address: str, key: str, value: str) -> str:
    """The address with that parameter in the place of any other of its name."""
    head, _, query = address.partition("#")[0].partition("?")
    name = reserve(key).replace("=", "%3D")
    others = [part for part in query.split("&") if part and part.partition("=")[0] != name]
    return f"{head}?{'&'.join([*others, f'{name}={reserve(value)}'])}"


def reserve(text: str) -> str:
    """Text of a parameter that ends none."""
    return text.replace("&", "%26").replace("#", "%23")
