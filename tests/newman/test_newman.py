"""Newman as the oracle: each collection gives the same verdicts there and here, and the server sees the same requests."""

from __future__ import annotations

import email
import json
import re
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest

from slipway.smoke import run as smoke
from tests.newman.assertions import ASSERTIONS
from tests.newman.odd import ODD
from tests.newman.requests import REQUESTS
from tests.newman.scripts import SCRIPTS
from tests.newman.variables import VARIABLES
from tests.support import npm
from tests.support.shop import Asked, opened

HERE = Path(__file__).parent
KINDS = {"assertions": ASSERTIONS, "variables": VARIABLES, "scripts": SCRIPTS, "requests": REQUESTS, "odd": ODD}
COLLECTIONS = {f"{kind}: {name}": made for kind, some in KINDS.items() for name, made in some.items()}
ENVIRONMENT = {"token": "t0ken-1", "who": "environment"}
# What each client says of itself.
OWN = {"host", "user-agent", "accept-encoding", "connection", "cache-control", "postman-token"} | {
    "content-length",
    "transfer-encoding",
    "referer",
}


@dataclass(frozen=True)
class Seen:
    """What one client made of a collection: checks with their verdicts, requests whose scripts failed, what was sent."""

    checks: list[list]
    errors: list[str]
    requests: list[tuple]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Where the collections and the files of their forms lie."""
    made = tmp_path_factory.mktemp("collections")
    (made / "note.txt").write_text("a note\n")
    (made / "dot.png").write_bytes(b"\x89PNG\r\n\x1a\n\x00dot")
    return made


@pytest.fixture(scope="module")
def oracle(folder: Path) -> Iterator[dict[str, Seen]]:
    """What newman makes of every collection, each on a shop of its own: one process for all."""
    home = npm.install(HERE, "newman")
    with ExitStack() as stack:
        shops = {name: stack.enter_context(opened()) for name in COLLECTIONS}
        manifest = [
            {"collection": made, "environment": ENVIRONMENT | {"baseUrl": shops[name].url}, "folder": str(folder)}
            for name, made in COLLECTIONS.items()
        ]
        (folder / "manifest.json").write_text(json.dumps(manifest))
        files = [str(folder / "manifest.json"), str(folder / "result.json")]
        subprocess.run(["node", str(HERE / "run.js"), str(home), *files], check=True, timeout=120)
        found = json.loads((folder / "result.json").read_text())
        yield {
            name: Seen(each["checks"], each["errors"], [essence(asked) for asked in shops[name].asked])
            for name, each in zip(COLLECTIONS, found, strict=True)
        }


def ours(name: str, folder: Path) -> Seen:
    path = folder / f"{re.sub(r'[^a-z]', '-', name)}.json"
    path.write_text(json.dumps(COLLECTIONS[name]))
    with opened() as shop:
        collection, requests = smoke.read(path)
        run = smoke.make_run(collection, shop.url, ENVIRONMENT, 10, folder)
        for request in smoke.order_requests(requests, run):
            smoke.one(run, request)
        names = {request.title: request.name for request in requests}
        checks = [[names[title], check, held] for title, check, held in run.verdicts]
        errors = [
            names[each.where.split(": ")[0]]
            for each in run.failures
            if re.search(r": (test|pre-request) script", each.where)
        ]
        return Seen(checks, errors, [essence(asked) for asked in shop.asked])


def essence(asked: Asked) -> tuple:
    """What a request says, without what differs from run to run: boundaries, nonces, made values."""
    headers = {name: value.strip() for name, value in asked.headers.items() if name not in OWN}
    body: object = asked.body.decode("utf-8", "replace")
    kind = headers.get("content-type", "")
    if kind.startswith("multipart/"):
        headers["content-type"], body = "multipart/form-data", parts(kind, asked.body)
    if headers.get("authorization", "").startswith("Digest "):
        headers["authorization"] = " ".join(
            sorted(re.findall(r'(?:username|realm|uri)="[^"]*"', headers["authorization"]))
        )
    if '"guid"' in str(body):
        body = re.sub(r'": "?[^",}]*"?', '": …', str(body))
    return asked.method, unquote(asked.target), headers, body


def parts(kind: str, body: bytes) -> list[tuple]:
    message = email.message_from_bytes(f"Content-Type: {kind}\r\n\r\n".encode() + body)
    return [
        (
            part.get_param("name", header="content-disposition"),
            part.get_filename(),
            part.get("Content-Type"),
            part.get_payload(decode=True),
        )
        for part in message.get_payload()
    ]


@pytest.mark.parametrize("name", COLLECTIONS)
def test_a_collection_has_the_verdicts_and_requests_that_newman_gives_it(name: str, oracle, folder: Path):
    theirs, mine = oracle[name], ours(name, folder)
    assert mine.checks == theirs.checks
    assert mine.errors == theirs.errors
    assert mine.requests == theirs.requests


def test_the_collections_are_many():
    assert len(COLLECTIONS) >= 40
