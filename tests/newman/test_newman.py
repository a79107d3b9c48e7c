"""Newman as the oracle: each collection gives the same verdicts there and here, and the server sees the same requests."""

from __future__ import annotations

import email
import json
import re
import subprocess
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, unquote_plus

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
def oracle(folder: Path) -> dict[str, Seen]:
    """What newman makes of every collection."""
    return dict(zip(COLLECTIONS, theirs(list(COLLECTIONS.values()), folder), strict=True))


def theirs(collections: list[dict], folder: Path) -> list[Seen]:
    """What newman makes of each, on a shop of its own: one process for all."""
    with ExitStack() as stack:
        shops = [stack.enter_context(opened()) for _ in collections]
        manifest = [
            {"collection": made, "environment": ENVIRONMENT | {"baseUrl": shop.url}, "folder": str(folder)}
            for made, shop in zip(collections, shops, strict=True)
        ]
        (folder / "manifest.json").write_text(json.dumps(manifest))
        files = [str(folder / "manifest.json"), str(folder / "result.json")]
        argv = ["node", str(HERE / "run.js"), str(npm.install(HERE, "newman")), *files]
        subprocess.run(argv, check=True, timeout=1800)
        found = json.loads((folder / "result.json").read_text())
        return [
            Seen(each["checks"], each["errors"], [essence(asked) for asked in shop.asked])
            for each, shop in zip(found, shops, strict=True)
        ]


def ours(made: dict, folder: Path) -> Seen:
    """What we make of a collection, on a shop of its own."""
    path = folder / "collection.json"
    path.write_text(json.dumps(made))
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
    return asked.method, meant(asked.target), headers, body


def meant(target: str) -> tuple:
    """The segments of a path and the pairs of a query as a server reads them: which harmless sign is encoded may differ, and
    not which ends a part or stands for a blank."""
    path, _, query = target.partition("?")
    pairs = [tuple(map(unquote_plus, pair.partition("="))) for pair in query.split("&")]
    return [unquote(segment) for segment in path.split("/")], pairs


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
    theirs, mine = oracle[name], ours(COLLECTIONS[name], folder)
    assert mine.checks == theirs.checks
    assert mine.errors == theirs.errors
    assert mine.requests == theirs.requests


def test_the_collections_are_many():
    assert len(COLLECTIONS) >= 40
