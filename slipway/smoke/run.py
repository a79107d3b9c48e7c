"""A Postman collection run through the front door: each request in order, each check met or named."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from slipway.errors import HealthError, SettingsError, VerificationError
from slipway.smoke import collection as postman
from slipway.smoke.collection import Collection, Request, Source
from slipway.smoke.limits import limits
from slipway.smoke.script import Script, ScriptError
from slipway.smoke.secrets import bare, secrets
from slipway.smoke.send import Elsewhere, Sender
from slipway.system.redact import Masker

BASES = ("baseUrl", "base_url", "baseURL")  # the names that people give to the address
MOST = 1000  # requests in one run: one that names itself as the next has no end


@dataclass(frozen=True)
class Unmet:
    """A check that the answer does not meet: where, what was found, what was expected."""

    where: str
    found: str
    expected: str


@dataclass
class Run:
    """One run of a collection: with what, through whom, and what did not hold."""

    sender: Sender
    scopes: dict[str, dict]
    failures: list[Unmet] = field(default_factory=list)
    verdicts: list[tuple[str, str, bool]] = field(default_factory=list)  # request, check, whether it held
    sent: int = 0
    onward: dict | None = None  # {"name": …} where a script says what comes next
    filler: Script = field(default_factory=Script)

    def fail(self, where: str, found: str, expected: str) -> None:
        self.failures.append(Unmet(where, found, expected))


def run(
    path: Path,
    base_url: str,
    variables: Mapping[str, object],
    timeout: float = 10.0,
    say: Callable[[str], None] = lambda text: None,
    folder: str = "",
    site: str = "",
) -> dict:
    """Runs a collection on `base_url`, which its {{baseUrl}} stands for; returns {"requests", "checks", "seconds"}.

    `variables` are the environment and win over the collection's own. `folder` names one folder to run, `site` the address
    that users type, as which the app is asked.
    Raises SettingsError for a file that is no collection, VerificationError if part of it cannot be done (before
    anything is sent), HealthError if an answer is not as the collection says; every failure is in its log.
    """
    collection, requests = read(path, folder, (*variables, *BASES))
    begun = time.monotonic()
    going = make_run(collection, base_url.rstrip("/"), variables, timeout, path.parent, site)
    for number, request in enumerate(order_requests(requests, going), 1):
        say(f"{number} of {max(number, len(requests))}: {request.title}")
        one(going, request)
    if going.failures:
        raise failures_error(going)
    return {"requests": going.sent, "checks": len(going.verdicts), "seconds": round(time.monotonic() - begun, 3)}


def make_run(
    collection: Collection,
    base: str,
    variables: Mapping[str, object],
    timeout: float,
    folder: Path,
    site: str = "",
    sender: type[Sender] = Sender,
) -> Run:
    """A run before its first request. What is secret now stays secret, whatever scripts do to the variables."""
    environment = {**variables, **dict.fromkeys(BASES, base)}
    hidden = secrets(environment) | secrets(collection.variables)
    scopes = {"local": {}, "environment": bare(environment), "collection": bare(collection.variables), "globals": {}}
    return Run(sender(base, timeout, folder, site, secrets=hidden), scopes)


def read(path: Path, folder: str = "", given: Iterable[str] | None = None) -> tuple[Collection, tuple[Request, ...]]:
    """A collection that can be run whole, and the requests of it, or of one folder. Raises as `run` does."""
    collection = postman.read(path)
    if found := limits(collection, path.parent, given):
        raise VerificationError(
            f"{path.name}: {collection.name}",
            f"not understood: {found[0]}",
            "what docs/smoke.md lists, since a check that is skipped would prove nothing",
            f"edit {path.name}",
            tuple(found),
        )
    return collection, choose_requests(collection, folder, path)


def choose_requests(collection: Collection, folder: str, path: Path) -> tuple[Request, ...]:
    found = tuple(each for each in collection.requests if not folder or each.title.startswith(f"{folder} / "))
    if not found:
        raise SettingsError(
            path.name,
            f"no request in {f'the folder {folder}' if folder else 'it'}",
            "at least one request",
            f"edit {path.name}",
        )
    return found


def order_requests(requests: tuple[Request, ...], run: Run) -> Iterator[Request]:
    """The requests as they stand, unless a script names another as the next, or none."""
    place, begun = 0, 0
    while place < len(requests):
        begun += 1
        if begun > MOST:
            return run.fail(requests[place].title, f"more than {MOST} requests", "a run that ends")
        run.onward = None
        yield requests[place]
        place += 1
        if run.onward is not None:
            if (name := run.onward.get("name")) is None:
                return
            names = [index for index, each in enumerate(requests) if name in (each.name, each.id)]
            if not names:
                return run.fail(requests[place - 1].title, f"no request {name} to go to", "the name of a request")
            place = names[-1]


def one(run: Run, request: Request) -> dict | None:
    """Sends one request, judges its answer and returns it; what does not hold is kept, so that later requests still tidy up.

    None for one that its script skips, and where there is no answer.
    """
    run.scopes["local"] = {}
    written = dict(request.raw)
    for source in request.before:
        left = script(run, request, source, "prerequest", written, None)
        if left and left["skipped"]:
            return None
        written = left["request"] if left else written
    checks, failures = len(run.verdicts), len(run.failures)
    if (got := send_request(run, request.title, written, request.behaviour, run.scopes)) is None:
        return None
    answer, filled = got
    for source in request.after:
        script(run, request, source, "test", filled, answer)
    if (checks, failures) == (len(run.verdicts), len(run.failures)) and answer["code"] >= 400:
        found = f"status {answer['code']} {' '.join(answer['text'].split())[:200]}".strip()
        run.fail(request.title, found, "a status below 400, as it has no check")
    return answer


def script(run: Run, request: Request, source: Source, moment: str, sent: Mapping, answer: dict | None) -> dict | None:
    """Runs one script with what it may see; keeps its variables and its checks. None where it was stopped."""
    where = f"{request.title}: {'pre-request' if moment == 'prerequest' else 'test'} script"
    where += "" if source.place == request.title else f" of {source.place}"
    state = {
        "event": moment,
        "name": request.name,
        "id": request.id,
        "place": list(request.place),
        "scopes": run.scopes,
        "request": dict(sent),
        "response": answer,
        "cookies": run.sender.cookies(address(sent)),
    }
    try:
        left = Script().run(source.text, state, lambda other, scopes: send_script_request(run, where, other, scopes))
    except ScriptError as error:
        run.fail(f"{where}{f', line {error.line}' if error.line else ''}", error.found, "a script that ends")
        return None
    run.scopes = left["scopes"]
    run.onward = left.get("next") or run.onward
    keep(run, request.title, where, left)
    return left


def keep(run: Run, title: str, where: str, left: Mapping) -> None:
    for check in left["tests"]:
        if check.get("skipped"):
            continue
        run.verdicts.append((title, check["name"], check["passed"]))
        if not check["passed"]:
            line = f", line {check['line']}" if check.get("line") else ""
            run.fail(f"{title}: {check['name']}{line}", check["found"], check["expected"])
    for error in left["errors"]:
        line = f", line {error['line']}" if error["line"] else ""
        run.fail(f"{where}{line}", error["found"], error["expected"])


def address(sent: Mapping) -> str:
    url = sent.get("url") or ""
    return url if isinstance(url, str) else str(url.get("raw") or "")


def send_script_request(run: Run, where: str, request: dict, scopes: dict) -> dict:
    """The answer to a request of a script's own; what prevents one is the script's to judge."""
    got = send_request(run, where, request, {}, scopes)
    return got[0] | {"cookies": run.sender.cookies(got[1]["url"])} if got else {"error": run.failures.pop().found}


def send_request(run: Run, where: str, request: Mapping, behaviour: Mapping, scopes: dict) -> tuple[dict, dict] | None:
    """The answer to a request, and the request as it was sent; None where there is none, which is a failure."""
    filled = run.filler.call("fill", json.dumps(request), json.dumps(scopes))
    if filled["missing"]:
        names = ", ".join(f"{{{{{name}}}}}" for name in dict.fromkeys(filled["missing"]))
        run.fail(where, f"no value for {names}", "a variable of the collection, or one that an earlier request sets")
        return None
    run.sent += 1
    try:
        return run.sender.send(filled, behaviour), filled
    except Elsewhere as error:
        raise SettingsError(
            where, f"it goes to {error}", "{{baseUrl}}, the front door", "edit the collection"
        ) from None
    except ValueError:
        # The header or path that is refused is quoted there, and that may hold a token.
        run.fail(where, "a path or header with characters that HTTP does not allow", "a request that can be sent")
    except OSError as error:
        run.fail(where, f"no answer from {run.sender.base} ({reason(error)})", "an answer")
    return None


def reason(error: BaseException) -> str:
    """The innermost cause: requests wraps it in sentences that hold the whole address."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    return getattr(error, "strerror", None) or type(error).__name__


def failures_error(run: Run) -> HealthError:
    hide = masker(run).text
    first = run.failures[0]
    lines = tuple(hide(f"{each.where}: found {each.found}, expected {each.expected}") for each in run.failures)
    where, found, expected = map(hide, (f"smoke: {first.where}", first.found, first.expected))
    return HealthError(where, found, expected, "./invoke logs -s app", lines)


def masker(run: Run) -> Masker:
    """What hides the secrets of a run: those that it was given, those that it sent, and those that scripts have kept."""
    return Masker(run.sender.secrets.union(*map(secrets, run.scopes.values())))
