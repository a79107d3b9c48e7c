"""Smoke tests on a real HTTP server: what holds, what does not, and what is refused because nobody understands it."""

from __future__ import annotations

import http.server
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.environment import ROOT
from slipway.errors import HealthError, SettingsError, SlipwayError, VerificationError
from slipway.smoke import collection as postman
from slipway.smoke import run as smoke
from slipway.smoke.assertions import Unmet
from slipway.smoke.checks import Answer, Context, compile_script
from slipway.smoke.nodes import NotUnderstood

SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
BODY = {
    "ready": True,
    "count": 3,
    "name": "Ada",
    "items": [{"id": 7}, {"id": 8}],
    "nothing": None,
    "price": 1.5,
    "empty": [],
}
ANSWER = Answer(200, "OK", {"content-type": "application/json", "x-trace": "abc"}, json.dumps(BODY), 12.0)


def checked(script: str, answer: Answer = ANSWER, **variables: object) -> Context:
    context = Context(answer, dict(variables))
    for check in compile_script(script):
        check.run(context)
    return context


@pytest.mark.parametrize(
    "line",
    [
        "pm.response.to.have.status(200)",
        'pm.response.to.have.status("OK");',
        "pm.response.to.be.ok",
        "pm.response.to.be.success;",
        'pm.response.to.have.header("Content-Type")',
        'pm.response.to.have.header("X-Trace", "abc")',
        "pm.response.to.not.have.status(500)",
        "pm.expect(pm.response.code).to.equal(200)",
        "pm.expect(pm.response.code).to.be.oneOf([200, 201])",
        "pm.expect(pm.response.json().ready).to.eql(true)",
        "pm.expect(pm.response.json().ready).to.be.true",
        "pm.expect(pm.response.json().items[1].id).to.eql(8)",
        'pm.expect(pm.response.json()["name"]).to.eql("Ada")',
        "pm.expect(pm.response.json().items.length).to.be.above(1)",
        "pm.expect(pm.response.json().items).to.have.lengthOf(2)",
        "pm.expect(pm.response.json().items).to.be.an('array')",
        "pm.expect(pm.response.json().name).to.be.a('string')",
        "pm.expect(pm.response.json().nothing).to.be.null",
        "pm.expect(pm.response.json().missing).to.be.undefined",
        "pm.expect(pm.response.json().name).to.match(/^a/i)",
        "pm.expect(pm.response.text()).to.include('Ada')",
        "pm.expect(pm.response.json()).to.have.property('count', 3)",
        "pm.expect(pm.response.json()).to.not.have.property('secret')",
        "pm.expect(pm.response.json().items[0]).to.deep.equal(pm.response.json().items[0])",
        "pm.expect(pm.response.json().empty).to.be.empty",
        "pm.expect(pm.response.responseTime).to.be.below(500)",
        "pm.expect(pm.response.headers.get('X-Trace')).to.eql('abc')",
        "pm.expect(pm.response.json().price).to.be.within(-1, 1.5)",
        "pm.expect(pm.response.json().name).to.not.eql('Bob')",
        "pm.expect(pm.response.json().name, 'with a message').to.exist",
        "console.log('anything');",
    ],
)
def test_a_check_in_the_declared_form_holds_for_an_answer_that_meets_it(line: str):
    checked(line)


@pytest.mark.parametrize(
    ("line", "found", "expected"),
    [
        ("pm.response.to.have.status(201)", "status 200 OK", "status 201"),
        ("pm.response.to.not.be.ok", "200", "not a status from 200 to 299"),
        ("pm.expect(pm.response.json().ready).to.eql(1)", "true", "1"),
        ("pm.expect(pm.response.json().count).to.eql('3')", "3", '"3"'),
        ("pm.expect(pm.response.json().count).to.be.true", "3", "true"),
        ("pm.expect(pm.response.json().missing).to.eql(null)", "undefined", "null"),
        (
            "pm.expect(pm.response.json().missing.deeper).to.exist",
            "undefined where .deeper was read",
            "something that has deeper",
        ),
        (
            "pm.expect(pm.response.json().nothing.deeper).to.exist",
            "null where .deeper was read",
            "something that has deeper",
        ),
        ("pm.expect(pm.response.json().items[2]).to.exist", "undefined", "something"),
        ("pm.expect(pm.response.json().name).to.be.above(1)", '"Ada"', "above 1"),
        ("pm.expect(pm.response.json().name).to.not.include('d')", '"Ada"', 'not something that holds "d"'),
        ("pm.expect(pm.response.json().count).to.be.oneOf(3)", "3", "one of 3"),
        ("pm.expect(pm.response.json().name).to.match(/b/)", '"Ada"', "a match of /b/"),
        ("pm.expect(forgotten).to.exist", "undefined", "something"),
        ("pm.collectionVariables.set('id', pm.response.json().id)", "undefined", "a value for {{id}}"),
    ],
)
def test_a_check_that_is_not_met_says_what_was_found_and_expected(line: str, found: str, expected: str):
    with pytest.raises(Unmet) as caught:
        checked(line)
    assert (caught.value.found, caught.value.expected) == (found, expected)


def test_a_body_that_is_no_json_is_unmet():
    with pytest.raises(Unmet, match="no JSON"):
        checked("pm.expect(pm.response.json().a).to.exist", Answer(200, "OK", {}, "<html>", 1.0))


@pytest.mark.parametrize(
    "script",
    [
        "pm.expect(pm.response.code > 100).to.be.true",
        "if (true) { pm.response.to.have.status(200); }",
        "pm.response.to.be.jolly",
        "pm.expect(1).to.be.prime",
        "pm.expect(1).to.eql()",
        "pm.expect(1)",
        "pm.expect(1).to",
        "pm.response.json()",
        "tests['x'] = true;",
        "pm.test('x', function () { });",
        "pm.test('x', function (done) { done(); });",
        "pm.test(name, () => { pm.response.to.be.ok });",
        "pm.sendRequest('http://elsewhere')",
        "eval('1')",
        "pm.expect(eval('1')).to.eql(1)",
        "'unfinished",
        "pm.expect('a' + 'b').to.eql('ab')",
        "pm.response.to.be.ok pm.response.to.be.ok",
        "pm.response.to.be.ok }",
        "pm.expect(pm.response.json().a).to.eql(1).and.to.exist",
        "pm.expect('x').to.match(/(?<year>a)/)",
        "pm.response.to.have.status(200, 201)",
        "pm.expect(`${x}`).to.exist",
        "const a = function () { a };",
        "pm.expect(pm.response.json().map(x)).to.exist",
        "pm.visualizer.set('x')",
        "pm.response.to.be.ok.",
    ],
)
def test_a_script_outside_the_declared_form_is_not_understood(script: str):
    with pytest.raises(NotUnderstood):
        compile_script(script)


PIECES = (
    "pm",
    ".",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    ";",
    ",",
    "=",
    "=>",
    "test",
    "expect",
    "to",
    "eql",
    "not",
    "response",
    "json",
    "const a",
    "function",
    "'x'",
    '"',
    "`",
    "/",
    "/*",
    "//",
    "\n",
    "\r",
    "1",
    "-",
    "1e999",
    "true",
    "have",
    "status",
    "\\",
)


@given(
    st.one_of(
        st.text(), st.lists(st.sampled_from(PIECES)).map("".join), st.lists(st.sampled_from(PIECES)).map(" ".join)
    )
)
def test_any_text_is_either_checks_or_not_understood(script: str):
    try:
        compile_script(script)
    except NotUnderstood as refused:
        assert str(refused).startswith("line ")


@pytest.mark.parametrize(
    "script",
    [
        "[" * 100_000,
        "pm.expect(" * 50_000,
        "pm.expect(" + "9" * 5000 + ").to.exist",
        "pm.expect('\0').to.exist",
        "pm.expect('\ud800').to.exist",
        "pm.expect('a\rb').to.exist",
    ],
)
def test_a_script_that_is_made_to_hurt_is_not_understood(script: str):
    with pytest.raises(NotUnderstood):
        compile_script(script)


def test_an_answer_nested_without_end_is_no_json():
    with pytest.raises(Unmet, match="no JSON"):
        checked("pm.expect(pm.response.json().a).to.exist", Answer(200, "OK", {}, "[" * 200_000, 1.0))


def test_a_script_that_is_not_understood_is_named_by_line():
    with pytest.raises(NotUnderstood, match=r"line 3: if \(x\) \{"):
        compile_script('pm.test("x", () => {\n  // a comment\n  if (x) {\n  }\n});')


def test_names_and_variables_carry_over_and_comments_do_not_matter():
    context = checked("""
        /* the whole
           body */
        const body = pm.response.json(); // here
        let first = body.items[0]
        pm.test("first", () => { pm.expect(first.id).to.eql(7) });
        pm.environment.set("id", first.id);
        pm.expect(pm.variables.get("id")).to.eql(7);
    """)
    assert context.variables == {"id": 7}


class Shop(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[str, str, dict, str]]] = []

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        self.seen.append((self.command, self.path, dict(self.headers), body))
        status = {"/moved": 302, "/broken": 500}.get(self.path, 200)
        text = json.dumps({"path": self.path, "id": 5, "auth": self.headers.get("Authorization")}).encode()
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:9/elsewhere")
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = do_DELETE = answer

    def log_message(self, *words: object) -> None:
        """Keeps the output of the tests clean."""


@pytest.fixture
def shop() -> Iterator[tuple[str, list]]:
    handler = type("Handler", (Shop,), {"seen": []})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}", handler.seen
    server.shutdown()
    server.server_close()


def item(name: str, url: object, *lines: str, **request: object) -> dict:
    return {
        "name": name,
        "request": {"method": "GET", "url": url} | request,
        "event": [{"listen": "test", "script": {"exec": list(lines)}}] if lines else [],
    }


def saved(folder: Path, *items: dict, **more: object) -> Path:
    path = folder / "collection.json"
    path.write_text(json.dumps({"info": {"name": "shop", "schema": SCHEMA}, "item": list(items)} | more))
    return path


def test_requests_run_in_order_through_folders_with_what_they_inherit(tmp_path: Path, shop):
    url, seen = shop
    path = saved(
        tmp_path,
        {
            "name": "orders",
            "auth": {"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}"}]},
            "item": [
                item(
                    "make",
                    {"raw": "{{baseUrl}}/orders"},
                    'pm.collectionVariables.set("id", pm.response.json().id);',
                    method="POST",
                    header=[{"key": "X-One", "value": "{{one}}"}, {"key": "X-Off", "value": "1", "disabled": True}],
                    body={"mode": "raw", "raw": '{"n": "{{one}}"}', "options": {"raw": {"language": "json"}}},
                ),
                item(
                    "read",
                    {"raw": "{{baseUrl}}/orders/:id?deep=1", "variable": [{"key": "id", "value": "{{id}}"}]},
                    'pm.expect(pm.response.json().path).to.eql("/orders/5?deep=1");',
                ),
            ],
        },
        item("open", "{{base_url}}/open", "pm.expect(pm.response.json().auth).to.be.null;", auth={"type": "noauth"}),
        variable=[{"key": "one", "value": "1"}, {"key": "baseUrl", "value": "http://elsewhere"}],
        event=[{"listen": "test", "script": {"exec": ["pm.response.to.be.ok"]}}],
    )
    found = smoke.run(path, url, {"token": "hush-hush"})
    assert (found["requests"], found["checks"]) == (3, 5)
    first = seen[0]
    assert [(method, target) for method, target, _, _ in seen] == [
        ("POST", "/orders"),
        ("GET", "/orders/5?deep=1"),
        ("GET", "/open"),
    ]
    assert first[2]["Authorization"] == "Bearer hush-hush" and first[2]["Content-Type"] == "application/json"
    assert first[2]["X-One"] == "1" and "X-Off" not in first[2] and first[3] == '{"n": "1"}'


def test_a_failure_names_request_found_and_expected_and_the_rest_still_runs(tmp_path: Path, shop):
    url, seen = shop
    path = saved(
        tmp_path,
        item("first", "{{baseUrl}}/a", 'pm.test("made", () => { pm.response.to.have.status(201); });'),
        item("needs id", "{{baseUrl}}/{{id}}"),
        item("broken", "{{baseUrl}}/broken"),
        item("last", "{{baseUrl}}/z"),
    )
    with pytest.raises(HealthError) as caught:
        smoke.run(path, url, {})
    error = caught.value
    assert (error.where, error.found, error.expected) == ("smoke: first: made", "status 200 OK", "status 201")
    assert [line.split(":")[0] for line in error.log] == ["first", "needs id", "broken"] and seen[-1][1] == "/z"


def test_a_secret_that_the_app_sends_back_is_masked(tmp_path: Path, shop):
    url, _ = shop
    path = saved(
        tmp_path,
        item("x", "{{baseUrl}}/a", "pm.expect(pm.response.json().auth).to.eql('other')"),
        auth={"type": "bearer", "bearer": [{"key": "token", "value": "{{token}}"}]},
    )
    with pytest.raises(HealthError) as caught:
        smoke.run(path, url, {"token": "hush-hush"})
    assert "hush" not in str(caught.value.fields()) and "•••" in caught.value.found


def test_a_redirect_is_an_answer_and_is_not_followed(tmp_path: Path, shop):
    url, seen = shop
    smoke.run(saved(tmp_path, item("x", "{{baseUrl}}/moved", "pm.response.to.have.status(302)")), url, {})
    assert len(seen) == 1


@pytest.mark.parametrize(
    ("entry", "more", "sentence"),
    [
        (item("x", "{{baseUrl}}/a", "if (a) { b }"), {}, "x: line 1: if (a) { b }"),
        (item("x", "{{baseUrl}}/a", body={"mode": "formdata", "formdata": []}), {}, "x: a body of mode formdata"),
        (item("x", "{{baseUrl}}/a", auth={"type": "oauth2", "oauth2": []}), {}, "x: authorization of type oauth2"),
        (
            item("x", "{{baseUrl}}/a"),
            {"event": [{"listen": "prerequest", "script": {"exec": ["x()"]}}]},
            "the collection: a prerequest",
        ),
    ],
)
def test_what_is_not_understood_is_said_before_anything_is_sent(
    tmp_path: Path, shop, entry: dict, more: dict, sentence: str
):
    url, seen = shop
    with pytest.raises(VerificationError) as caught:
        smoke.run(saved(tmp_path, item("sound", "{{baseUrl}}/b"), entry, **more), url, {})
    assert caught.value.found.startswith(f"not understood: {sentence}") and seen == []


def test_a_request_to_another_host_is_refused_and_its_token_stays_here(tmp_path: Path, shop):
    with pytest.raises(SettingsError, match="elsewhere"):
        smoke.run(
            saved(tmp_path, item("x", "http://elsewhere.example/a?token={{token}}")), shop[0], {"token": "hush-hush"}
        )


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"info": {"schema": "v1"}, "item": []}',
        "not json",
        "\x00",
        json.dumps({"info": {"schema": SCHEMA}, "item": [{"name": "x"}]}),
        json.dumps({"info": {"schema": SCHEMA}, "item": ["x"]}),
        json.dumps({"info": {"schema": SCHEMA}, "item": []}),
    ],
)
def test_a_file_that_is_no_collection_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "collection.json"
    path.write_text(text)
    with pytest.raises(SettingsError):
        smoke.run(path, "http://127.0.0.1:9", {})


def test_a_folder_runs_alone_and_a_folder_that_is_not_there_is_refused(tmp_path: Path, shop):
    url, seen = shop
    path = saved(
        tmp_path,
        {"name": "one", "item": [item("x", "{{baseUrl}}/1")]},
        {"name": "two", "item": [item("y", "{{baseUrl}}/2")]},
    )
    smoke.run(path, url, {}, folder="two")
    assert [each[1] for each in seen] == ["/2"]
    with pytest.raises(SettingsError, match="no request in the folder three"):
        smoke.run(path, url, {}, folder="three")


@pytest.mark.parametrize("value", ["a\r\nX-More: 1", "über ☃"])
def test_a_variable_cannot_add_a_header_or_break_the_request_with_a_traceback(tmp_path: Path, shop, value: str):
    url, seen = shop
    with pytest.raises(SlipwayError) as caught:
        smoke.run(
            saved(tmp_path, item("x", "{{baseUrl}}/a", header=[{"key": "X-One", "value": "{{token}}"}])),
            url,
            {"token": value},
        )
    assert value not in str(caught.value.fields()) and not any("X-More" in each[2] for each in seen)


def test_variables_of_an_environment_file_that_are_off_are_left_out(tmp_path: Path):
    path = tmp_path / "environment.json"
    path.write_text(
        json.dumps(
            {"values": [{"key": "a", "value": "1", "enabled": True}, {"key": "b", "value": "2", "enabled": False}]}
        )
    )
    assert postman.environment(path) == {"a": "1"}


def test_the_collection_that_ships_is_understood():
    collection = postman.read(ROOT / "tests" / "smoke" / "postman_collection.json")
    assert collection.strange == ()
    assert all(any(check.asserts for check in request.checks) for request in collection.requests)
