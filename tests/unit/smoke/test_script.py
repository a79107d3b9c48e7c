"""Scripts in their engine: what assertions say, what is kept, what is stopped, and that nothing leads outside."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from slipway.smoke.script import Script, ScriptError

BODY = {
    "ready": True,
    "count": 3,
    "name": "Ada",
    "items": [{"id": 7}, {"id": 8}],
    "nothing": None,
}


def left_by(script: str, seconds: float = 5, longest: float = 30, send=None, **more: object) -> dict:
    state = {
        "event": "test",
        "name": "one",
        "id": "1",
        "place": ["folder", "one"],
        "scopes": {"local": {}, "environment": {}, "collection": {"who": "Ada"}, "globals": {}},
        "request": {"method": "GET", "url": "http://shop/a"},
        "response": {
            "code": 200,
            "status": "OK",
            "headers": [["Content-Type", "application/json"], ["X-Trace", "abc"]],
            "text": json.dumps(BODY),
            "responseTime": 12,
            "size": 100,
        },
        "cookies": {},
    }
    return Script(seconds, longest).run(script, state | more, send or (lambda request, scopes: {}))


@pytest.mark.parametrize(
    ("line", "found", "expected"),
    [
        ("pm.response.to.have.status(201)", "status 200 OK", "status 201"),
        ("pm.response.to.not.be.ok", "status 200 OK", "not status 200"),
        ("pm.expect(pm.response.json().ready).to.eql(1)", "true", "1"),
        ("pm.expect(pm.response.json().count).to.eql('3')", "3", '"3"'),
        ("pm.expect(pm.response.json().missing).to.eql(null)", "undefined", "null"),
        ("pm.expect(pm.response.json().name).to.be.above(1)", '"Ada"', "above 1"),
        ("pm.expect(pm.response.json().name).to.not.include('d')", '"Ada"', 'not something that holds "d"'),
        ("pm.expect(pm.response.json().count).to.be.oneOf(3)", "3", "one of 3"),
        ("pm.expect(pm.response.json().name).to.match(/b/)", '"Ada"', "a match of /b/"),
        ("pm.expect(pm.response.json().count, 'the count').to.equal(4)", "the count: 3", "4"),
        ("pm.response.to.have.header('X-Trace', 'x')", '"abc"', 'the header "X-Trace" "x"'),
        ("pm.expect(forgotten).to.exist", "ReferenceError: forgotten is not defined", "no error"),
        ("pm.expect(1).to.be.jolly", "Error: no assertion is called jolly", "no error"),
    ],
)
def test_a_check_that_does_not_hold_says_what_was_found_and_expected_and_on_which_line(line: str, found: str, expected):
    (check,) = left_by(f"\npm.test('x', () => {{\n  {line};\n}});")["tests"]
    assert (check["passed"], check["found"], check["expected"], check["line"]) == (False, found, expected, 3)


def test_what_a_script_throws_outside_a_test_is_told_with_its_line():
    left = left_by("const a = null;\n\na.b.c;\npm.test('never', () => {});")
    assert left["tests"] == [] and left["errors"][0]["line"] == 3 and "null" in left["errors"][0]["found"]


def test_a_test_whose_end_is_never_called_does_not_count_as_one_that_holds():
    (check,) = left_by("pm.test('waits', (done) => {});")["tests"]
    assert not check["passed"] and "end was not called" in check["found"]


def test_a_promise_that_is_rejected_fails_its_test():
    checks = left_by("pm.test('a', async () => { await 1; pm.expect(1).to.equal(2); });\nawait 1;")["tests"]
    assert [check["passed"] for check in checks] == [False]


@pytest.mark.parametrize(
    ("script", "word"),
    [
        ("for (;;) {}", "without an end"),
        ("try { for (;;) {} } catch (error) {}", "without an end"),
        ("await 1; for (;;) {}", "without an end"),
        ("/^(a+)+$/.test('a'.repeat(50) + 'b')", "without an end"),
        ("setInterval(() => {}, 1)", "still waiting"),
        # Without a return: a chain that grows is out of memory before its time is over, on a quick machine.
        ("(function again() { Promise.resolve().then(again); })()", "still waiting"),
    ],
)
def test_a_script_without_an_end_is_stopped(script: str, word: str):
    with pytest.raises(ScriptError, match=word):
        left_by(script, seconds=0.2, longest=0.5)


def test_a_script_that_eats_memory_fails_and_the_next_one_runs():
    left = left_by("const all = []; for (;;) all.push('x'.repeat(1000) + all.length);")
    assert "memory" in left["errors"][0]["found"]
    assert left_by("pm.test('fine', () => {});")["tests"][0]["passed"]


def test_recursion_without_an_end_is_an_error_of_the_script():
    assert "stack" in left_by("(function deeper() { deeper(); })();")["errors"][0]["found"]


@pytest.mark.parametrize("name", ["std", "os", "process", "fetch", "XMLHttpRequest", "Deno", "open", "__loadScript"])
def test_nothing_of_the_machine_is_in_reach(name: str):
    (check,) = left_by(f"pm.test('none', () => pm.expect(typeof {name}).to.equal('undefined'));")["tests"]
    assert check["passed"]


@pytest.mark.parametrize("module", ["os", "std", "/etc/passwd", "file:///etc/passwd"])
def test_no_module_and_no_file_can_be_imported(module: str):
    left = left_by(f"await import({module!r});")
    assert "could not load" in left["errors"][0]["found"]


def test_nothing_of_one_script_is_left_for_the_next():
    left_by("leaked = 1; Object.prototype.dirt = 1; pm.expect = null;")
    left = left_by(
        "pm.test('clean', () => pm.expect([typeof leaked, typeof ({}).dirt]).to.eql(['undefined', 'undefined']));"
    )
    assert left["tests"][0]["passed"]


def test_names_of_the_library_are_free_for_scripts():
    left = left_by("number = 1; same = 2; run = 3; code = 4; let host = 5, tests = 6;\npm.test('x', () => {});")
    assert left["errors"] == [] and left["tests"][0]["passed"]


@pytest.mark.parametrize(
    "script",
    [
        "JSON.stringify = () => '{bad'; JSON.parse = null;",
        "Object.prototype.toJSON = () => 'bad';",
        "Array.prototype.find = Array.prototype.filter = null;",
        "host = null; globalThis.host = { next: () => '{bad' };",
        "const round = {}; round.round = round; pm.environment.set('round', round);",
        "pm.environment.set('big', 10n);",
    ],
)
def test_a_script_that_bends_javascript_is_told_of_or_does_no_harm(script: str):
    try:
        assert left_by(script)["tests"] == []
    except ScriptError as error:
        assert error.found


def test_a_request_of_a_script_goes_through_the_host():
    sent = []

    def send(request: dict, scopes: dict) -> dict:
        sent.append((request["method"], request["url"]["raw"], scopes["local"]))
        return {"error": "no answer"}

    script = "pm.variables.set('a', 1);\npm.sendRequest('http://shop/b', (e, r) => pm.test(e.message, () => {}));"
    assert left_by(script, send=send)["tests"][0]["name"] == "no answer"
    assert sent == [("GET", "http://shop/b", {"a": 1})]


@given(st.text())
def test_any_text_is_either_read_or_refused_with_a_line(script: str):
    try:
        Script().check(script)
    except ScriptError as error:
        assert error.found and error.line >= 0


@pytest.mark.parametrize("script", ["[" * 100_000, "(" * 50_000, "'\0", "`${", "\ud800 x y", "a\u2028b c"])
def test_a_script_that_is_made_to_hurt_is_refused(script: str):
    with pytest.raises(ScriptError):
        Script().check(script)
