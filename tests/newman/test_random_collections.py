"""Collections of random requests: the server sees the same ones from newman and from here, or they are refused clearly."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.smoke import run as smoke
from tests.newman.test_newman import HERE, essence, installed
from tests.support.campaign import sized
from tests.support.fuzzing import fuzz
from tests.support.postman import collection
from tests.support.shop import Asked, Shop, opened

EACH = 20  # requests of a collection
COLLECTIONS = sized(10, 2_000)  # newman takes as long for these as all other random inputs of CI together
VARIABLES = {
    "id": "42",
    "who": "Ada Lovelace",
    "umlaut": "grüße",
    "odd": "a/b?c&d=e#f",
    "nested": "x{{id}}",
    "number": 7,
    "empty": "",
}
SECRET = "hush-hush-hush"

WORDS = st.sampled_from(
    ["a", "b c", "grüße", "{{id}}", "{{who}}", "{{umlaut}}", "{{odd}}", "{{nested}}", "{{empty}}", "{{number}}", "x=y", "+", "%20",
     "%", "é/ü", "&", "=", "1,2", "'", "(x)", "~", "*", "!", "$", ":", "@", ";", "", "日本", '"', "<", ">", "[]", "|", "^", "`", "\\"]
)  # fmt: skip
TEXTS = st.lists(WORDS, max_size=3).map("".join)
PLAIN = st.text("abcXYZ019-_.", min_size=1, max_size=5)
SEGMENTS = st.one_of(
    PLAIN,
    TEXTS.filter(lambda text: not set("?#") & set(text)),
    st.sampled_from([":id", ":user", ":user.json", "a:id", ":", ".", ".."]),
)
MAYBE = st.sampled_from([{}, {}, {}, {"disabled": True}, {"disabled": False}, {"description": "{{nothing}}"}])


def pairs(keys: st.SearchStrategy = PLAIN, values: st.SearchStrategy = TEXTS) -> st.SearchStrategy:
    return st.lists(
        st.builds(lambda key, value, more: {"key": key, "value": value, **more}, keys, values, MAYBE), max_size=3
    )


def address(base: str, path: list[str], query: str) -> str:
    return f"{base}/echo/{'/'.join(path)}" + (f"?{query}" if query else "")


BASES = st.sampled_from(["{{baseUrl}}", "{{base_url}}", "{{baseURL}}"])
URL_TEXTS = st.builds(
    address,
    BASES,
    st.lists(SEGMENTS, max_size=3),
    st.lists(st.builds("{}={}".format, PLAIN, TEXTS), max_size=3).map("&".join),
)
URL_OBJECTS = st.builds(
    lambda base, path, query, variable, more: {
        "raw": "not looked at",
        "host": [base],
        "path": ["echo", *path],
        "query": query,
        "variable": variable,
    }
    | more,
    BASES,
    st.lists(SEGMENTS, max_size=3),
    pairs(values=st.one_of(TEXTS, st.none())),
    st.lists(st.builds(lambda key, value: {"key": key, "value": value}, st.sampled_from(["id", "user", "other"]), TEXTS), max_size=2),
    st.sampled_from([{}, {}, {"host": "{{baseUrl}}"}, {"path": "/echo/:id/x"}, {"path": "echo"}, {"query": []}, {"variable": []}]),
)  # fmt: skip
HEADERS = st.lists(
    st.builds(
        lambda key, value, more: {"key": key, "value": value, **more},
        st.sampled_from(["X-One", "x-one", "X-Two", "Accept", "Content-Type", "X-{{id}}"]),
        st.sampled_from(
            ["1", "a b", "{{id}}", "", "text/plain", "application/json; charset=utf-8", "a, b", " padded "]
        ),
        MAYBE,
    ),
    max_size=2,
)
BODIES = st.one_of(
    st.none(),
    st.builds(lambda text: {"mode": "raw", "raw": text}, TEXTS),
    st.builds(
        lambda text, language: {"mode": "raw", "raw": text, "options": {"raw": {"language": language}}},
        TEXTS,
        st.sampled_from(["json", "xml", "text", "html", "javascript"]),
    ),
    st.builds(lambda fields: {"mode": "urlencoded", "urlencoded": fields}, pairs()),
    st.builds(
        lambda fields: {"mode": "formdata", "formdata": [{"type": "text", **each} for each in fields]},
        pairs(values=TEXTS.filter(lambda text: "\\" not in text)),
    ),
    st.builds(
        lambda query, variables: {"mode": "graphql", "graphql": {"query": query, "variables": variables}},
        TEXTS,
        st.sampled_from(["", '{"id": "{{id}}"}', "{}"]),
    ),
    st.just({"mode": "file", "file": {"src": "note.txt"}}),
    st.just({"mode": "raw", "raw": "off", "disabled": True}),
    st.just({"mode": "raw"}),
    st.just({}),
)
AUTHS = st.one_of(
    st.none(),
    st.just({"type": "noauth"}),
    st.builds(
        lambda value: {"type": "bearer", "bearer": [{"key": "token", "value": value}]},
        st.sampled_from(["{{token}}", "a b", "x"]),
    ),
    st.builds(
        lambda user, password: {
            "type": "basic",
            "basic": [{"key": "username", "value": user}, {"key": "password", "value": password}],
        },
        TEXTS,
        TEXTS,
    ),
    st.builds(
        lambda key, value, where: {
            "type": "apikey",
            "apikey": [{"key": "key", "value": key}, {"key": "value", "value": value}, {"key": "in", "value": where}],
        },
        st.sampled_from(["X-Key", "api_key"]),
        st.sampled_from(["k3y", "{{token}}", "a b", "a&b"]),
        st.sampled_from(["header", "query"]),
    ),
)
SCRIPTS = st.sampled_from(
    [
        [],
        [],
        [],
        [],
        [],
        [{"listen": "prerequest", "script": {"exec": ["pm.request.headers.add({key: 'X-Script', value: '1'});"]}}],
        [{"listen": "test", "script": {"exec": "pm.collectionVariables.set('id', 'later');"}}],
        None,
    ]
)


def optional(name: str, value: object) -> dict:
    return {} if value is None else {name: value}


REQUESTS = st.builds(
    lambda url, method, header, body, auth, event, nulls: {
        "name": "r",
        **optional("event", event),
        "request": {"url": url, "method": method, "header": header, **optional("body", body), **optional("auth", auth)}
        | nulls,
    },
    st.one_of(URL_TEXTS, URL_OBJECTS),
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]),
    HEADERS,
    BODIES,
    AUTHS,
    SCRIPTS,
    st.sampled_from([{}, {}, {}, {}, {"header": None}, {"body": None}, {"auth": None}, {"description": None}]),
)


@dataclass
class Both:
    """A shop that newman and we ask in turn, and the newman that waits for collections."""

    shop: Shop
    folder: Path
    newman: subprocess.Popen

    @property
    def environment(self) -> dict[str, str]:
        return {"token": SECRET, **dict.fromkeys(("baseUrl", "base_url", "baseURL"), self.shop.url)}

    def theirs(self, made: dict) -> list[tuple]:
        self.shop.asked.clear()
        asked = {"collection": made, "environment": self.environment, "folder": str(self.folder)}
        self.newman.stdin.write(json.dumps(asked) + "\n")
        self.newman.stdin.flush()
        answer = json.loads(self.newman.stdout.readline())
        assert answer["error"] is None, answer
        return [sent(asked) for asked in self.shop.asked]

    def ours(self, made: dict) -> list[tuple]:
        self.shop.asked.clear()
        path = self.folder / "collection.json"
        path.write_text(json.dumps(made))
        found, requests = smoke.read(path)
        run = smoke.make_run(found, self.shop.url, {"token": SECRET}, 10, self.folder)
        for request in smoke.order_requests(requests, run):
            smoke.one(run, request)
        self.failures = run.failures
        return [sent(asked) for asked in self.shop.asked]


def sent(asked: Asked) -> tuple:
    """What a request says: of its address, and of a form, each part that a server would tell apart.

    Newman sends the fields of a form in the order of a JavaScript object, numbers first; by name they are the same.
    """
    method, _, headers, body = essence(asked)
    path, mark, query = asked.target.partition("?")
    if headers.get("content-type") == "application/x-www-form-urlencoded":
        body = sorted(body.split("&"), key=lambda field: field.partition("=")[0])
    return method, [unquote(part) for part in path.split("/")], mark, parameters(query), headers, body


def parameters(query: str) -> list[list[str]]:
    return [list(map(unquote, part.partition("="))) for part in query.split("&")]


@pytest.fixture(scope="module")
def both(tmp_path_factory) -> Iterator[Both]:
    home, folder = installed(), tmp_path_factory.mktemp("collections")
    (folder / "note.txt").write_text("a note\n")
    words = ["node", str(HERE / "serve.js"), str(home)]
    with opened() as shop, subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as newman:
        yield Both(shop, folder, newman)
        newman.stdin.close()


@fuzz(COLLECTIONS)
@given(st.lists(REQUESTS, min_size=EACH, max_size=EACH))
def test_the_server_sees_the_same_requests_from_newman_and_from_here(both: Both, items: list[dict]):
    made = collection(*items, variables=VARIABLES)
    mine = both.ours(made)
    assert [] == both.failures
    assert mine == both.theirs(made)
