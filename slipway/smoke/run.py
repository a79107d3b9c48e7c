"""A Postman collection run through the front door: each request in order, each check met or named."""

from __future__ import annotations

import http.client
import re
import time
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from slipway.data.endpoints import MASK, SHORTEST_MASKED
from slipway.errors import HealthError, SettingsError, VerificationError
from slipway.smoke import collection as postman
from slipway.smoke.assertions import Unmet
from slipway.smoke.checks import Answer, Context
from slipway.smoke.collection import Collection, Request

NAME = re.compile(r"\{\{\s*([^{}]+?)\s*\}\}")
SECRET = re.compile("token|secret|password|key", re.IGNORECASE)
BASES = ("baseUrl", "base_url", "baseURL")  # the names that people give to the address
DYNAMIC: dict[str, Callable[[], str]] = {
    "$guid": lambda: str(uuid.uuid4()),
    "$randomUUID": lambda: str(uuid.uuid4()),
    "$timestamp": lambda: str(int(time.time())),
    "$isoTimestamp": lambda: datetime.now(UTC).isoformat(),
}
DEPTH = 5  # a variable may stand in another's value, and not in its own


@dataclass
class Run:
    """One run of a collection: where to, with what, and what did not hold."""

    base: str
    timeout: float
    variables: dict[str, object]
    failures: list[tuple[str, Unmet]] = field(default_factory=list)
    checks: int = 0


def run(
    path: Path,
    base_url: str,
    variables: Mapping[str, object],
    timeout: float = 10.0,
    say: Callable[[str], None] = lambda text: None,
    folder: str = "",
) -> dict:
    """Runs a collection on `base_url`, which its {{baseUrl}} stands for; returns {"requests", "checks", "seconds"}.

    `variables` win over the collection's own. `folder` names one folder to run. Redirects are answers, not followed.
    Raises SettingsError for a file that is no collection, VerificationError if part of it is not understood (before
    anything is sent), HealthError if an answer is not as the collection says; every failure is in its log.
    """
    collection, requests = read(path, folder)
    begun = time.monotonic()
    going = Run(
        base_url.rstrip("/"),
        timeout,
        {**collection.variables, **variables, **dict.fromkeys(BASES, base_url.rstrip("/"))},
    )
    for number, request in enumerate(requests, 1):
        say(f"{number} of {len(requests)}: {request.name}")
        one(going, request)
    if going.failures:
        raise failed(going)
    return {"requests": len(requests), "checks": going.checks, "seconds": round(time.monotonic() - begun, 3)}


def read(path: Path, folder: str = "") -> tuple[Collection, tuple[Request, ...]]:
    """A collection that is understood whole, and the requests of it, or of one folder. Raises as `run` does."""
    collection = understood(postman.read(path), path)
    return collection, chosen(collection, folder, path)


def understood(collection: Collection, path: Path) -> Collection:
    if collection.strange:
        raise VerificationError(
            f"{path.name}: {collection.name}",
            f"not understood: {collection.strange[0]}",
            "the declared form of docs/smoke.md, since a check that is skipped would prove nothing",
            f"edit {path.name}",
            collection.strange,
        )
    return collection


def chosen(collection: Collection, folder: str, path: Path) -> tuple[Request, ...]:
    found = tuple(each for each in collection.requests if not folder or each.name.startswith(f"{folder} / "))
    if not found:
        raise SettingsError(
            path.name,
            f"no request in {f'the folder {folder}' if folder else 'it'}",
            "at least one request",
            f"edit {path.name}",
        )
    return found


def one(run: Run, request: Request) -> None:
    """Sends one request and judges its answer; what does not hold is kept, so that later requests still tidy up."""
    try:
        answer = send(run, request)
    except Unmet as unmet:
        run.failures.append((request.name, unmet))
        return
    context = Context(answer, run.variables)
    if not any(check.asserts for check in request.checks):
        judge(run, request.name, partial(below_400, answer))
    for check in request.checks:
        judge(
            run,
            f"{request.name}: {check.name}" if check.name else request.name,
            partial(check.run, context),
            check.asserts,
        )


def judge(run: Run, name: str, check: Callable[[], None], counts: bool = True) -> None:
    run.checks += counts
    try:
        check()
    except Unmet as unmet:
        run.failures.append((name, unmet))


def below_400(answer: Answer) -> None:
    if answer.code >= 400:
        raise Unmet(
            f"status {answer.code} {' '.join(answer.text.split())[:200]}".strip(),
            "a status below 400, as it has no check",
        )


def send(run: Run, request: Request) -> Answer:
    """The answer to a request. Raises Unmet when none comes, or when it cannot be sent."""
    url = filled(request.url, run.variables)
    if "://" not in url:
        url = f"http://{url}"
    parts, base = urlsplit(url), urlsplit(run.base)
    if (parts.scheme, parts.netloc) != (base.scheme, base.netloc):
        raise SettingsError(
            request.name,
            f"it goes to {parts.scheme}://{parts.hostname}",
            "{{baseUrl}}, the front door",
            "edit the collection",
        )
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    headers = {key: filled(value, run.variables) for key, value in request.headers}
    body = filled(request.body, run.variables).encode()
    begun = time.monotonic()
    try:
        return asked(base, run.timeout, request.method, target, headers, body, begun)
    except (OSError, http.client.HTTPException) as error:
        raise Unmet(f"no answer from {run.base} ({error or type(error).__name__})", "an answer") from None
    except ValueError:
        # http.client quotes the header or path that it refuses, and that may hold a token.
        raise Unmet("a path or header with characters that HTTP does not allow", "a request that can be sent") from None


def asked(base, timeout: float, method: str, target: str, headers: dict, body: bytes, begun: float) -> Answer:
    kind = http.client.HTTPSConnection if base.scheme == "https" else http.client.HTTPConnection
    connection = kind(base.hostname, base.port, timeout=timeout)
    try:
        connection.request(method, target, body or None, headers)
        got = connection.getresponse()
        text = got.read().decode("utf-8", "replace")
        return Answer(
            got.status,
            got.reason,
            {key.lower(): value for key, value in got.getheaders()},
            text,
            (time.monotonic() - begun) * 1000,
        )
    finally:
        connection.close()


def filled(text: str, variables: Mapping[str, object]) -> str:
    """The text with each {{name}} in its value's place. Raises Unmet for a name without a value."""
    for _ in range(DEPTH):
        if "{{" not in text:
            break
        text = NAME.sub(lambda match: valued(match[1], variables), text)
    return text


def valued(name: str, variables: Mapping[str, object]) -> str:
    if name in DYNAMIC:
        return DYNAMIC[name]()
    if name not in variables:
        raise Unmet(f"no value for {{{{{name}}}}}", "a variable of the collection, or one that an earlier request sets")
    value = variables[name]
    return value if isinstance(value, str) else str(value).lower() if isinstance(value, bool) else str(value)


def failed(run: Run) -> HealthError:
    name, unmet = run.failures[0]
    lines = tuple(masked(run, f"{each}: found {why.found}, expected {why.expected}") for each, why in run.failures)
    return HealthError(
        f"smoke: {name}", masked(run, unmet.found), masked(run, unmet.expected), "./invoke logs -s app", lines
    )


def masked(run: Run, text: str) -> str:
    """The text without the values of variables that are named like secrets: an app may send back what it was sent."""
    for name, value in run.variables.items():
        if SECRET.search(name) and isinstance(value, str) and len(value) >= SHORTEST_MASKED:
            text = text.replace(value, MASK)
    return text
