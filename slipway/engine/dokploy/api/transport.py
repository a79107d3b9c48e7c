"""One request to Dokploy's REST surface: POST or GET /api/<router>.<procedure>, with the key in x-api-key."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import urlsplit

import requests
from requests.auth import AuthBase

from slipway.engine.dokploy.api import meanings
from slipway.engine.dokploy.api.failures import DokployError, NotDokploy, Unanswered, Unreachable
from slipway.errors import SettingsError
from slipway.system.redact import Secret
from slipway.system.trust import SystemTrust

CONNECT_S, ANSWER_S = 10.0, 60.0
MOST = 64 * 1024 * 1024  # bytes of an answer; the contract itself, the largest, has 2 MiB


class Key(AuthBase):
    """Sends the key. As an authorization of its own it also keeps a .netrc from sending another."""

    def __init__(self, key: Secret):
        self.key = key

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        request.headers["x-api-key"] = self.key.value
        return request


@dataclass
class Transport:
    """Asks one server with one key. `accepted` is true once the key was good for a request; a caller that knows it
    to have been good lately may say so. Nothing is sent twice: whoever asked decides that.
    """

    url: str
    key: Secret
    answer_s: float = ANSWER_S
    accepted: bool = False
    ahead: float = 0.0  # seconds by which the server's clock is before ours, as its last answer had it
    session: requests.Session = field(default_factory=requests.Session, repr=False)

    def __post_init__(self) -> None:
        self.url = base(self.url)
        if not self.key or not self.key.value.isascii() or not self.key.value.isprintable():
            raise SettingsError(
                "DOKPLOY_API_KEY", "no key, or one that no header can carry", "an API key of Dokploy", meanings.RENEW
            )
        self.session.auth = Key(self.key)
        self.session.mount("https://", SystemTrust())

    def get(self, procedure: str, **query: Any) -> Any:
        """The answer to a question; fields that are None are left out. Raises DokployError."""
        given = {name: value for name, value in query.items() if value is not None}
        return self.exchange("GET", procedure, {}, given, self.answer_s)

    def post(self, procedure: str, *, within: float | None = None, **fields: Any) -> Any:
        """The answer to a change, None for an empty body; `within` seconds where it works while it is asked."""
        return self.exchange("POST", procedure, fields, {}, within or self.answer_s)

    def exchange(
        self, method: str, procedure: str, fields: Mapping[str, Any], query: Mapping[str, Any], within: float
    ) -> Any:
        status, text, location = self.send(method, procedure, fields, query, within)
        if status == 200:
            value = meanings.data(procedure, text)
            self.accepted = True
            return value
        secrets = meanings.secrets_in(self.key.value, fields)
        raise meanings.failure(procedure, status, text, location, secrets, self.accepted)

    def send(
        self, method: str, procedure: str, fields: Mapping[str, Any], query: Mapping[str, Any], within: float
    ) -> tuple[int, str, str]:
        """Status, body and target of a redirect, which is not followed: the key is for this server alone."""
        try:
            with self.session.request(
                method,
                f"{self.url}/api/{procedure}",
                params=query or None,
                json=fields if method == "POST" else None,
                timeout=(CONNECT_S, within),
                allow_redirects=False,
                stream=True,
            ) as answer:
                body = answer.raw.read(MOST + 1, decode_content=True)
                self.ahead = ahead_of_us(answer.headers.get("date", ""), self.ahead)
        except (requests.RequestException, OSError, _Broken) as error:
            raise lost(procedure, self.url, error) from None
        if len(body) > MOST:
            raise NotDokploy(
                meanings.at(procedure), "an answer without end", f"at most {MOST} bytes", "check DOKPLOY_URL"
            )
        return answer.status_code, body.decode("utf-8", "replace"), answer.headers.get("location", "")


_Broken = requests.packages.urllib3.exceptions.HTTPError  # type: ignore[attr-defined]  # a body that was cut


def ahead_of_us(date: str, known: float) -> float:
    """By how many seconds a Date header, which counts whole ones, is before this machine's clock; `known` for none."""
    try:
        return parsedate_to_datetime(date).timestamp() - time.time()
    except (ValueError, OverflowError):
        return known


def base(url: str) -> str:
    """The address without a trailing slash or /api. Raises SettingsError for what is none, or holds a password."""
    try:
        parts = urlsplit(url.strip())
        sound = parts.scheme in ("http", "https") and parts.hostname and parts.port != 0
    except ValueError:
        sound = False
    if not sound or parts.username is not None or parts.query or parts.fragment:
        raise SettingsError(
            "DOKPLOY_URL",
            "no address of a server" if not sound else "an address with a password or a query",
            "scheme and host, such as https://dokploy.example.com",
            "set DOKPLOY_URL",
        )
    return url.strip().rstrip("/").removesuffix("/api")


def lost(procedure: str, url: str, error: Exception) -> DokployError:
    """The error for no answer: whether anything was sent decides which."""
    if isinstance(error, requests.exceptions.SSLError):
        return Unreachable(
            meanings.at(procedure),
            f"no TLS that can be trusted at {url}: its certificate, or no TLS at all",
            "a certificate for its name, by an authority that this machine trusts",
            "have Dokploy get one (Web Server, domain), or add its authority to this machine",
        )
    if isinstance(error, requests.exceptions.ConnectTimeout) or unsent(error):
        return Unreachable(
            meanings.at(procedure),
            f"nobody answers at {url}",
            "a Dokploy server that runs",
            "check DOKPLOY_URL; ping it",
        )
    return Unanswered(
        meanings.at(procedure),
        f"{url} was asked, and the answer did not come ({type(error).__name__})",
        "an answer",
        "type the same command again: it looks first at what was done",
    )


def unsent(error: Exception) -> bool:
    """Whether the connection itself could not be made."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(reason, requests.packages.urllib3.exceptions.NewConnectionError)  # type: ignore[attr-defined]
