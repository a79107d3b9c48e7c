"""A Postman collection of requests that only read, and what sends no other: the project is never written to."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.errors import SettingsError
from slipway.smoke import run as smoke
from slipway.smoke.collection import Collection, Request
from slipway.smoke.run import Run
from slipway.smoke.send import Sender
from slipway.system.redact import Secret

READS = ("GET", "HEAD")
# What Supabase's auth server changes by a GET: it uses up the link of a mail, or begins a sign-in.
CHANGES = re.compile(r"/auth/v1/(verify|authorize|callback|sso)\b")
KEYS = ("apikey", "apiKey", "api_key")  # the names that people give to the key of the API
SECONDS = 30.0  # for an answer


class Writes(Exception):
    """A request that may change something and was not sent; the text says what it is."""


@dataclass(frozen=True)
class Api:
    """Where an API answers, and the address that users type, where it is another."""

    base: str
    site: str = ""


@dataclass
class Reader(Sender):
    """Sends what only reads. `silent` says that nobody has answered."""

    silent: bool = False

    def send(self, filled: Mapping, behaviour: Mapping) -> dict:
        """The answer, as Sender has it. Raises Writes, before anything is sent, and what that raises."""
        if (what := writing(filled["method"], filled["url"])) is not None:
            raise Writes(what)
        try:
            return super().send(filled, behaviour)
        except OSError as error:
            self.silent = not isinstance(error, ValueError)  # to requests an address that is none is both
            raise


@dataclass(frozen=True)
class Asked:
    """A collection that can be run on both sides, its requests, and the variables that both get."""

    path: Path
    collection: Collection
    requests: tuple[Request, ...]
    variables: Mapping[str, object]

    def run(self, api: Api) -> Run:
        """A run on one of them, before its first request."""
        folder = self.path.parent
        return smoke.make_run(self.collection, api.base, self.variables, SECONDS, folder, api.site, Reader)


def read(path: Path, api_key: Secret, token: Secret) -> Asked:
    """The collection in a file. Its {{token}} is `token`, and its {{apikey}} `api_key` unless it has one itself.

    Raises SettingsError where one of its requests may change something, and what `smoke.read` does.
    """
    keys = dict.fromkeys(KEYS, api_key) if api_key else {}
    tokens = {"token": token} if token else {}
    collection, requests = smoke.read(path, given=(*keys, *tokens, *smoke.BASES))
    if writes := list(written(requests)):
        raise SettingsError(
            str(path),
            writes[0],
            "GET and HEAD alone: the project is never written to",
            "take the request out of the collection, or run a copy of it without",
            tuple(writes[1:]),
        )
    own = {name: key for name, key in keys.items() if not collection.variables.get(name)}
    return Asked(path, collection, requests, own | tokens)


def written(requests: tuple[Request, ...]) -> Iterator[str]:
    """A sentence for each request that may change something, as far as it can be told before variables are filled in."""
    for each in requests:
        url = each.raw["url"]
        address = url if isinstance(url, str) else str(url.get("raw") or "")
        if (what := writing(str(each.raw.get("method") or "GET").upper(), address)) is not None:
            yield f"{each.title}: {what}"


def writing(method: str, address: str) -> str | None:
    """What may change something, in words without a query; None for what only reads."""
    if method not in READS:
        return f"a request by {method}"
    return f"{method} {found[0]}, which changes something" if (found := CHANGES.search(address)) else None
