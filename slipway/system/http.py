"""A question over HTTP: asked once, straight, and told in short."""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

MOST = 4096  # bytes of a body that are read
KINDS = {"http": http.client.HTTPConnection, "https": http.client.HTTPSConnection}


class NoAnswer(Exception):
    """Nothing came back; the text is the reason in one word, or the system's own."""


@dataclass(frozen=True)
class Answer:
    """What came back; the text is its beginning. Headers are by their names in small letters."""

    status: int
    text: str
    headers: Mapping[str, str]

    def describe(self) -> str:
        """The status, and where it is a redirect, to where."""
        where = self.headers.get("location", "") if 300 <= self.status < 400 else ""
        return f"{self.status}, a redirect to {where[:300]}" if where else str(self.status)


def terms(url: str, site: str) -> dict[str, str]:
    """The headers by which a request to `url` asks as `site`, the address that users type; none where it goes there."""
    parts, place = urlsplit(site), urlsplit(url)
    if not site or (parts.scheme, parts.netloc) == (place.scheme, place.netloc):
        return {}
    return {"Host": parts.netloc, "X-Forwarded-Host": parts.netloc, "X-Forwarded-Proto": parts.scheme}


def asked_as(url: str, site: str) -> str:
    """How it was asked, for an error."""
    parts = urlsplit(site or url)
    return f"asked with Host: {parts.netloc} over {parts.scheme}; DOMAIN decides that"


def request(url: str, method: str = "GET", timeout: float = 5.0, site: str = "") -> Answer:
    """One answer, past any proxy of the environment, to no redirect; asked as `site`, the address that users type.

    Raises NoAnswer, and ValueError for what is no URL.
    """
    parts = urlsplit(url)
    if parts.scheme not in KINDS or not parts.hostname:
        raise ValueError(url)
    connection = KINDS[parts.scheme](parts.hostname, parts.port, timeout=timeout)
    try:
        path = f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}"
        connection.request(method, path, headers=terms(url, site))
        answer = connection.getresponse()
        text = answer.read(MOST).decode("utf-8", "replace")
        return Answer(answer.status, text, {name.lower(): value for name, value in answer.getheaders()})
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(str(error) or type(error).__name__) from error
    finally:
        connection.close()


def ask(url: str, site: str = "", timeout: float = 3.0) -> tuple[bool, str]:
    """Whether a GET answers 200 within the seconds given, and the answer in short."""
    try:
        answer = request(url, timeout=timeout, site=site)
    except NoAnswer as error:
        return False, str(error)
    if answer.status == 200:
        return True, "200"
    said = f"{answer.describe()} {' '.join(answer.text[:300].split())}".strip()
    return False, said if answer.status >= 500 else f"{said} ({asked_as(url, site)})"
