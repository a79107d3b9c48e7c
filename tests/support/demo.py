"""Requests as the demo user, whom the fixtures make."""

from __future__ import annotations

import json
import urllib.error
import urllib.request

EMAIL, PASSWORD = "demo@example.org", "demo-password-2026"
TOKENS: dict[str, str] = {}  # by the address of the stack: an access token outlasts a release
OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def fetch(url: str, path: str, timeout: float = 10) -> bytes:
    """What `path` of the stack at `url` answers, with an access token where it needs one; an error if that is no 200."""
    if not path.startswith("/api/"):
        return ask(f"{url}{path}", {}, timeout)
    try:
        return ask(f"{url}{path}", headers(url), timeout)
    except urllib.error.HTTPError as error:
        if error.code != 401:
            raise
        del TOKENS[url]  # another stack has this address now
    return ask(f"{url}{path}", headers(url), timeout)


def headers(url: str) -> dict[str, str]:
    """The header that says who asks."""
    if url not in TOKENS:
        TOKENS[url] = log_in(url)
    return {"Authorization": f"Bearer {TOKENS[url]}"}


def log_in(url: str) -> str:
    """An access token of the demo user's."""
    body = json.dumps({"email": EMAIL, "password": PASSWORD}).encode()
    kind = {"Content-Type": "application/json"}
    return json.loads(ask(f"{url}/api/v1/auth/login", kind, 10, body))["access_token"]


def ask(url: str, sent: dict[str, str], timeout: float, body: bytes | None = None) -> bytes:
    """The body of the answer."""
    with OPENER.open(urllib.request.Request(url, body, sent), timeout=timeout) as answer:
        return answer.read()
