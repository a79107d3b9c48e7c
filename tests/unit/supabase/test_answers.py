"""A collection of questions to two real HTTP servers: what they answer otherwise is named, and neither is written to."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from slipway.errors import SettingsError, VerificationError
from slipway.supabase.interface import DIFFERS, SAME, UNKNOWN, Compared
from slipway.supabase.proving import answers, reading
from slipway.supabase.proving.reading import Api
from slipway.system.redact import Secret
from tests.support.postman import ask, auth, collection, folder, header
from tests.support.shop import Shop, opened

KEY, TOKEN = "sb-key-of-the-service", "t0ken-of-somebody"
ROWS = [{"id": 1, "title": "one"}, {"id": 2, "title": "two"}, {"id": 3, "title": "three"}]
JSON = {"Content-Type": "application/json; charset=utf-8"}


@dataclass(frozen=True)
class Two:
    """The project's API and the stack's, and where a collection is written."""

    project: Shop
    stack: Shop
    folder: Path

    def read(self, *items: dict, key: str = "", token: str = "", **more: object) -> reading.Asked:
        path = self.folder / "collection.json"
        path.write_text(json.dumps(collection(*items, **more)))
        return reading.read(path, Secret(key), Secret(token))

    def compare(self, *items: dict, **more: object) -> Compared:
        asked = self.read(*items, **more)
        return answers.compare(asked, Api(self.project.url), Api(self.stack.url), lambda text: None)

    def asked(self) -> list[list[tuple[str, str]]]:
        return [[(each.method, each.target) for each in shop.asked] for shop in (self.project, self.stack)]


@pytest.fixture
def two(tmp_path: Path) -> Iterator[Two]:
    with opened() as project, opened() as stack:
        yield Two(project, stack, tmp_path)


def test_apis_that_answer_alike_are_the_same_and_are_only_read(two: Two) -> None:
    two.project.planted["/rows"] = (200, JSON, ROWS)
    two.stack.planted["/rows"] = (200, {}, json.dumps(ROWS, indent=2))
    held = 'pm.test("three", () => pm.expect(pm.response.json()).to.have.lengthOf(3));'
    found = two.compare(
        folder("rows", ask("all", "/rows", held)),
        ask("text", "/text"),
        ask("head", "/list", method="HEAD"),
        ask("not there", "/nothing", "pm.test('404', () => pm.response.to.have.status(404));"),
    )
    assert found == Compared("answers", SAME, "4 requests are answered alike, and 2 of their checks hold", ())
    assert two.asked() == [[("GET", "/rows"), ("GET", "/text"), ("HEAD", "/list"), ("GET", "/nothing")]] * 2


@pytest.mark.parametrize(
    ("here", "told"),
    [
        ((200, JSON, ROWS[:1] + ROWS[2:]), ["$: 2 elements instead of 3", "$[1]: missing"]),
        ((200, JSON, [ROWS[0], ROWS[2], ROWS[1]]), ["$[1].id: another value", "$[1].title: another value",
                                                    "$[2].id: another value", "$[2].title: another value"]),
        ((200, JSON, [*ROWS[:2], {"id": "3", "title": "three"}]), ["$[2].id: string instead of number"]),
        ((404, JSON, {"error": "no"}), ["status 404 instead of 200"]),
        ((200, {"Content-Type": "text/plain"}, json.dumps(ROWS)), ["content type text/plain instead of application/json"]),
        ((200, JSON, "[{"), [f"another body, of 2 bytes instead of {len(json.dumps(ROWS))}"]),
        ((204, {}, None), ["status 204 instead of 200"]),
    ],
)  # fmt: skip
def test_an_answer_that_differs_is_named_by_request_and_path(two: Two, here: tuple, told: list[str]) -> None:
    two.project.planted["/rows"], two.stack.planted["/rows"] = (200, JSON, ROWS), here
    found = two.compare(folder("rows", ask("all", "/rows")), ask("text", "/text"))
    assert (found.state, list(found.differences)) == (DIFFERS, [f"rows / all: {each}" for each in told])


def test_what_is_no_json_is_compared_byte_by_byte(two: Two) -> None:
    for shop, content in ((two.project, b"\xff\xfe\x00"), (two.stack, b"\xfe\xff\x00")):
        shop.planted["/photo"] = (200, {"Content-Type": "image/png"}, content)
    found = two.compare(ask("photo", "/photo"))
    assert found.differences == ("photo: another body, of 3 bytes instead of 3",)


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (ask("make", "/items", method="POST"), "f / make: a request by POST"),
        (ask("change", "/items", method="patch"), "f / change: a request by PATCH"),
        (ask("unsaid", "/items", before="pm.variables.set('method', 'GET');", method="{{method}}"),
         "f / unsaid: a request by {{METHOD}}"),
        (ask("mail", "/auth/v1/verify?token=once"), "f / mail: GET /auth/v1/verify, which changes something"),
    ],
)  # fmt: skip
def test_a_request_that_may_write_is_refused_before_anything_is_sent(two: Two, item: dict, told: str) -> None:
    with pytest.raises(SettingsError) as caught:
        two.compare(ask("first", "/text"), folder("f", item))
    assert (caught.value.where, caught.value.found) == (str(two.folder / "collection.json"), told)
    assert caught.value.expected and caught.value.next and two.asked() == [[], []]


@pytest.mark.parametrize(
    "before",
    [
        "pm.sendRequest({url: pm.variables.get('baseUrl') + '/items', method: 'POST', body: '{}'}, () => {});",
        "pm.request.method = 'DELETE';",
        "pm.request.url = pm.variables.get('baseUrl') + '/auth/v1/verify?token=once';",
    ],
)
def test_a_script_that_would_write_is_stopped_and_nothing_is_proven(two: Two, before: str) -> None:
    found = two.compare(ask("first", "/text"), ask("scripted", "/list", before=before), ask("last", "/text"))
    assert found.state == UNKNOWN and "a script asks for " in found.differences[0]
    assert two.asked() == [[("GET", "/text")]] * 2


@pytest.mark.parametrize("missing", ["project", "stack"])
def test_where_one_api_does_not_answer_nothing_is_proven(two: Two, missing: str) -> None:
    with opened() as gone:
        away = gone.url
    project, stack = (away if name == missing else getattr(two, name).url for name in ("project", "stack"))
    asked = two.read(ask("first", "/text"), ask("second", "/text"))
    found = answers.compare(asked, Api(project), Api(stack), lambda text: None)
    side = {"project": "in the project", "stack": "here"}[missing]
    assert (found.state, found.found) == (UNKNOWN, "")
    [told] = found.differences
    assert told.startswith(f"first: no answer from {away} (") and told.endswith(f"{side}; {answers.NO_MORE}")
    assert sorted(two.asked()) == [[], [("GET", "/text")]]


def test_both_get_the_token_and_the_key_that_a_collection_asks_for(two: Two) -> None:
    wanted = ask("mine", "/text", header=header(apikey="{{apikey}}"), auth=auth("bearer", token="{{token}}"))
    assert two.compare(wanted, key=KEY, token=TOKEN).state == SAME
    assert two.compare(wanted, key=KEY, token=TOKEN, variables={"apikey": "anon", "token": ""}).state == SAME
    for shop in (two.project, two.stack):
        given = [(each.headers["apikey"], each.headers["authorization"]) for each in shop.asked]
        assert given == [(KEY, f"Bearer {TOKEN}"), ("anon", f"Bearer {TOKEN}")]
    assert two.compare(ask("nobody's", "/text"), key=KEY, token=TOKEN).state == SAME
    assert "apikey" not in two.stack.asked[-1].headers and "authorization" not in two.stack.asked[-1].headers
    with pytest.raises(VerificationError, match="apikey"):
        two.read(wanted, token=TOKEN)


def test_no_difference_shows_a_value_or_a_secret(two: Two) -> None:
    for shop, word in ((two.project, "theirs-1"), (two.stack, "ours-22")):
        shop.planted["/rows"] = (200, {}, {TOKEN: word, "mail": f"{word}@example.org"})
    test = f"pm.test('is {TOKEN}', () => pm.expect(pm.response.json().mail).to.eql('{KEY}'));"
    found = two.compare(
        ask("rows", "/rows", auth=auth("bearer", token="{{token}}")), ask("text", "/list", test), key=KEY, token=TOKEN
    )
    assert found.differences[:2] == ("rows: $.•••: another value", "rows: $.mail: another value")
    assert found.differences[2] == "text: is •••, line 1: holds on neither side"
    for word in (KEY, TOKEN, "theirs-1", "ours-22"):
        assert word not in "\n".join(found.differences)


@pytest.mark.parametrize(
    ("items", "told"),
    [
        ([ask("gone", "/nothing")], "gone: status 404 on both sides, and it has no check that expects this"),
        ([ask("a", "/text", "pm.test('t', () => { throw new Error('x'); });")], "a: t, line 1: holds on neither side"),
        ([ask("a", "/odd", "pm.test('h', () => pm.response.to.have.header('X-Odd'));")],
         "a: h, line 1: holds in the project, and not here"),
        ([ask("a", "/odd", "if (pm.response.headers.has('X-Odd')) pm.execution.setNextRequest('c');"),
          ask("b", "/text"), ask("c", "/text")],
         "after 1 requests its scripts go on with b, in the project with c"),
        ([ask("a", "/odd", "pm.globals.set('odd', pm.response.headers.has('X-Odd'));"),
          ask("b", "/text", before="if (!pm.globals.get('odd')) pm.execution.skipRequest();")],
         "b: its script leaves it out here alone"),
    ],
)  # fmt: skip
def test_what_scripts_find_on_one_side_alone_is_a_difference(two: Two, items: list[dict], told: str) -> None:
    two.project.planted["/odd"], two.stack.planted["/odd"] = (200, {"X-Odd": "1"}, {}), (200, {}, {})
    found = two.compare(*items)
    assert (found.state, found.differences) == (DIFFERS, (told,))


@pytest.mark.parametrize(
    ("item", "told"),
    [
        (ask("all", "/text", before="pm.execution.skipRequest();"), "its scripts leave every request out"),
        (ask("a", "/{{id}}", before="if (false) pm.variables.set('id', 1);"), "a: no value for {{id}} in the project"),
        (ask("a", {"raw": "http://localhost:9/text"}),
         "a: it goes to http://localhost, and not to {{baseUrl}}, the front door; nothing after it was compared"),
        (ask("a", "/text", "pm.execution.setNextRequest('z');"), "a: no request z to go to in the project"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_not_proven(two: Two, item: dict, told: str) -> None:
    found = two.compare(item)
    assert found.state == UNKNOWN and found.differences[0] == told
