"""What a piece of code or text names that will not be there, or should not be there: calls, secrets, addresses.

Pure text work. Nothing here returns a secret, only what kind of one it is.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import Iterator

from slipway.data.sql import lexer
from slipway.supabase import platform

NAMED = rf'"?({"|".join(sorted(platform.INSTEAD, key=len, reverse=True))})"?\s*\.\s*"?([A-Za-z_]\w*)"?'
# A call, or a table that is read or written: net.amount may as well be a column of a table that a query calls net.
CALL = re.compile(rf'(?<![\w.$"]){NAMED}\s*\(', re.I)
TABLE = re.compile(rf"\b(?:FROM|JOIN|INTO|UPDATE|TABLE)\s+(?:ONLY\s+)?{NAMED}", re.I)
JWT = re.compile(r"eyJ[\w-]{5,}\.(eyJ[\w-]{5,})\.[\w-]{10,}")
CUT = re.compile(r"eyJ[\w.-]{5,}")
KEY = re.compile(r"\bsb_(secret|publishable)_\w{10,}")
PASSWORD = re.compile(r"\bpostgres(?:ql)?://[^\s:/@]+:[^\s@]+@")
ADDRESS = re.compile(r"https?://([a-z0-9-]+(?:\.storage)?\.supabase\.(?:co|in|red))")
# The same two for the server, which looks through the rows. Lower-case words of POSIX expressions, as both read them.
IN_ROWS = r"eyJ[A-Za-z0-9_-]{5,}\.eyJ[A-Za-z0-9_-]{5,}\.|sb_secret_[A-Za-z0-9_]{10,}|\.supabase\.(co|in|red)"


def calls(code: str) -> tuple[str, ...]:
    """What code calls of schemas that only the platform has, such as `net.http_post`, sorted; comments do not count."""
    plain = without_comments(code)
    found = (*CALL.findall(plain), *TABLE.findall(plain))
    return tuple(sorted({f"{schema}.{name}".lower() for schema, name in found}))


def without_comments(code: str) -> str:
    """SQL or PL/pgSQL with a blank in the place of each comment. Quoted text stays: it may be SQL that is run."""
    kept, end = [], 0
    for start, stop in comments(code):
        kept += [code[end:start], " "]
        end = stop
    return "".join((*kept, code[end:]))


def comments(code: str) -> Iterator[tuple[int, int]]:
    position = 0
    while match := lexer.TOKEN.search(code, position):
        position = match.end()
        if match.lastgroup == "block":
            position = lexer.end_of_comment(code, match.end())
        elif match.lastgroup == "dollar":
            continue  # what follows is code too: its comments count as well
        if match.lastgroup in ("line", "block"):
            yield match.start(), position


def secrets(text: str) -> tuple[str, ...]:
    """What kinds of secrets a text holds, in words without any of them."""
    found = {f"a token of role {role_in(payload)}" for payload in JWT.findall(text)}
    found |= {f"a {kind} key of the project" for kind in KEY.findall(text)}
    if PASSWORD.search(text):
        found.add("a database URL with its password")
    return tuple(sorted(found))


def masked(text: str) -> str:
    """The text without the secrets that it holds, those that were cut off in their middle too."""
    for secret in (CUT, KEY, PASSWORD):
        text = secret.sub("•••", text)
    return text


def role_in(payload: str) -> str:
    """The role that a token's payload names, or a question mark."""
    try:
        claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
        role = claims["role"]
    except (binascii.Error, ValueError, KeyError, TypeError):
        return "?"
    return role if isinstance(role, str) and re.fullmatch(r"\w{1,40}", role) else "?"


def addresses(text: str) -> tuple[str, ...]:
    """The project's hosts that a text names."""
    return tuple(sorted(set(ADDRESS.findall(text))))
