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


def request(url: str, method: str = "GET", timeout: float = 5.0) -> Answer:
    """One answer, past any proxy of the environment, to no redirect. Raises NoAnswer, and ValueError for what is no URL."""
    parts = urlsplit(url)
    if parts.scheme not in KINDS or not parts.hostname:
        raise ValueError(url)
    connection = KINDS[parts.scheme](parts.hostname, parts.port, timeout=timeout)
    try:
        connection.request(method, f"{parts.path or '/'}{f'?{parts.query}' if parts.query else ''}")
        answer = connection.getresponse()
        text = answer.read(MOST).decode("utf-8", "replace")
        return Answer(answer.status, text, {name.lower(): value for name, value in answer.getheaders()})
    except (OSError, http.client.HTTPException) as error:
        raise NoAnswer(str(error) or type(error).__name__) from error
    finally:
        connection.close()


def ask(url: str, timeout: float = 3.0) -> tuple[bool, str]:
    """Whether a GET answers 200 within the seconds given, and the answer in short."""
    try:
        answer = request(url, timeout=timeout)
    except NoAnswer as error:
        return False, str(error)
    said = "" if answer.status == 200 else " ".join(answer.text[:300].split())
    return answer.status == 200, f"{answer.status} {said}".strip()
