"""Smoke tests on a real HTTP server: what holds, what does not, what is hidden, what is refused."""

from __future__ import annotations

import json
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from slipway.errors import HealthError, SettingsError, SlipwayError, VerificationError
from slipway.smoke import collection as postman
from slipway.smoke import run as smoke
from slipway.smoke.script import Script
from tests.support.postman import SCHEMA, ask, auth, collection, folder, header, post, raw, url
from tests.support.shop import Shop, opened


@pytest.fixture
def shop() -> Iterator[Shop]:
    with opened() as shop:
        yield shop


def saved(place: Path, *items: dict, **more: object) -> Path:
    path = place / "collection.json"
    path.write_text(json.dumps(collection(*items, **more)))
    return path


def test_requests_run_in_order_through_folders_with_what_they_inherit(tmp_path: Path, shop: Shop):
    path = saved(
        tmp_path,
        folder(
            "orders",
            post(
                "make",
                "/items",
                'pm.collectionVariables.set("id", pm.response.json().id);',
                header=[*header(X_One="{{one}}"), {"key": "X-Off", "value": "1", "disabled": True}],
                body=raw('{"n": "{{one}}"}'),
            ),
            ask("read", "/items/{{id}}?deep=1", 'pm.test("n", () => pm.expect(pm.response.json().n).to.eql("1"));'),
            auth=auth("bearer", token="{{token}}"),
        ),
        ask("open", {"raw": "{{base_url}}/echo"}, auth={"type": "noauth"}),
        test='pm.test("fine", () => pm.response.to.be.success);',
        variables={"one": "1", "baseUrl": "http://elsewhere"},
    )
    found = smoke.run(path, shop.url, {"token": "hush-hush"})
    assert (found["requests"], found["checks"]) == (3, 4)
    assert [(each.method, each.target) for each in shop.asked] == [
        ("POST", "/items"),
        ("GET", "/items/i1?deep=1"),
        ("GET", "/echo"),
    ]
    first, last = shop.asked[0], shop.asked[2]
    assert first.headers["authorization"] == "Bearer hush-hush" and first.headers["content-type"] == "application/json"
    assert first.headers["x-one"] == "1" and "x-off" not in first.headers and first.body == b'{"n": "1"}'
    assert "authorization" not in last.headers


def test_an_app_is_asked_as_the_address_that_users_type(tmp_path: Path, shop: Shop):
    path = saved(
        tmp_path,
        ask(
            "by itself", "/cookies/secure", 'pm.test("back", () => pm.expect(pm.cookies.get("session")).to.eql("s-2"));'
        ),
        ask("by name", {"raw": "https://shop.example.org/cookies"}),
    )
    assert smoke.run(path, shop.url, {}, site="https://shop.example.org")["requests"] == 2
    assert [each.target for each in shop.asked] == ["/cookies/secure", "/cookies", "/cookies"]
    for each in shop.asked:
        assert each.headers["host"] == each.headers["x-forwarded-host"] == "shop.example.org"
        assert each.headers["x-forwarded-proto"] == "https"
    assert [each.headers.get("cookie") for each in shop.asked] == [None, "session=s-2", "session=s-2"]
    with pytest.raises(SettingsError, match="it goes to https"):
        smoke.run(path, shop.url, {})


def test_a_failure_names_request_script_and_line_and_the_rest_still_runs(tmp_path: Path, shop: Shop):
    path = saved(
        tmp_path,
        ask("first", "/login", '//\npm.test("made", () => {\n  pm.response.to.have.status(201);\n});'),
        ask("needs id", "/items/{{id}}", before="if (false) pm.variables.set('id', 1);"),
        ask("broken", "/broken"),
        ask("throws", "/login", "//\nnull.x;", "undefinedName;"),
        ask("last", "/echo"),
    )
    with pytest.raises(HealthError) as caught:
        smoke.run(path, shop.url, {})
    error = caught.value
    assert (error.where, error.found) == ("smoke: first: made, line 3", "status 200 OK")
    assert error.expected == "status 201" and shop.asked[-1].target == "/echo"
    assert [line.split(": found")[0] for line in error.log] == [
        "first: made, line 3",
        "needs id",
        "broken",
        "throws: pre-request script, line 1",
        "throws: test script, line 2",
    ]


def test_a_script_without_an_end_fails_its_request_and_the_rest_still_runs(tmp_path: Path, shop: Shop, monkeypatch):
    monkeypatch.setattr(smoke, "Script", partial(Script, 0.2))
    path = saved(tmp_path, folder("f", ask("loops", "/login", "for (;;) {}")), ask("last", "/echo"))
    with pytest.raises(HealthError, match="without an end") as caught:
        smoke.run(path, shop.url, {})
    assert caught.value.where.startswith("smoke: f / loops: test script") and shop.asked[-1].target == "/echo"


def test_a_run_without_an_end_is_ended(tmp_path: Path, shop: Shop, monkeypatch):
    monkeypatch.setattr(smoke, "MOST", 5)
    path = saved(tmp_path, ask("again", "/login", "pm.test('x', () => {}); pm.execution.setNextRequest('again');"))
    with pytest.raises(HealthError, match="more than 5 requests"):
        smoke.run(path, shop.url, {})
    assert len(shop.asked) == 5


def test_a_next_request_that_is_not_there_is_a_failure(tmp_path: Path, shop: Shop):
    path = saved(tmp_path, ask("one", "/login", "postman.setNextRequest('nowhere');"), ask("two", "/login"))
    with pytest.raises(HealthError, match="no request nowhere"):
        smoke.run(path, shop.url, {})


@pytest.mark.parametrize(
    "script",
    [
        "pm.test('x', () => pm.expect(pm.response.json().headers.authorization).to.eql('other'));",
        "throw new Error(pm.environment.get('token'));",
        "pm.test(pm.environment.get('token'), () => pm.expect(1).to.equal(2));",
        "const t = pm.environment.get('token'); pm.environment.clear(); pm.test('x', () => pm.expect(t).to.equal(1));",
    ],
)
def test_a_secret_of_the_environment_is_in_no_error(tmp_path: Path, shop: Shop, script: str):
    path = saved(tmp_path, ask("x", "/echo", script), auth=auth("bearer", token="{{token}}"))
    with pytest.raises(HealthError) as caught:
        smoke.run(path, shop.url, {"token": "hush-hush"})
    assert "hush" not in str(caught.value.fields()) and "•••" in str(caught.value.fields())


def test_a_value_that_postman_hides_is_hidden_here_in_each_of_its_spellings(tmp_path: Path, shop: Shop):
    path = tmp_path / "environment.json"
    path.write_text(json.dumps({"values": [{"key": "pin", "value": "hush/hush", "type": "secret"}]}))
    script = "pm.test('x', () => pm.expect([pm.environment.get('pin'), 'hush%2Fhush']).to.eql(1));"
    with pytest.raises(HealthError) as caught:
        smoke.run(saved(tmp_path, ask("x", "/echo/{{pin}}", script)), shop.url, postman.environment(path))
    assert "hush" not in str(caught.value.fields()) and shop.asked[0].target == "/echo/hush/hush"


def test_a_password_is_hidden_in_the_form_in_which_it_is_sent(tmp_path: Path, shop: Shop):
    script = "pm.test('x', () => pm.expect(pm.response.json().headers.authorization).to.eql('other'));"
    path = saved(tmp_path, ask("x", "/echo", script), auth=auth("basic", username="ada", password="s3cret"))
    with pytest.raises(HealthError) as caught:
        smoke.run(path, shop.url, {})
    assert "YWRh" not in str(caught.value.fields()) and "•••" in caught.value.found


def test_a_redirect_that_leads_elsewhere_is_an_answer_and_is_not_followed(tmp_path: Path, shop: Shop):
    path = saved(tmp_path, ask("x", "/elsewhere", "pm.test('302', () => pm.response.to.have.status(302));"))
    assert smoke.run(path, shop.url, {})["checks"] == 1 and len(shop.asked) == 1


@pytest.mark.parametrize(
    "request_",
    [
        ask("x", {"raw": "http://elsewhere.example/a?token={{token}}"}),
        ask("x", "/login", "pm.sendRequest('http://elsewhere.example/?t=' + pm.environment.get('token'));"),
        ask("x", "/login", "", "pm.request.url = 'http://elsewhere.example/a';"),
    ],
)
def test_a_request_to_another_host_is_refused_and_its_token_stays_here(tmp_path: Path, shop: Shop, request_: dict):
    with pytest.raises(SettingsError, match="elsewhere") as caught:
        smoke.run(saved(tmp_path, request_), shop.url, {"token": "hush-hush"})
    assert "hush" not in str(caught.value.fields())


def test_no_answer_is_a_failure_that_names_the_front_door(tmp_path: Path):
    with pytest.raises(HealthError, match="no answer from") as caught:
        smoke.run(saved(tmp_path, ask("x", "/a?token={{token}}")), "http://127.0.0.1:9", {"token": "hush-hush"})
    assert "hush" not in str(caught.value.fields())


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"info": {"schema": "v1"}, "item": []}',
        "not json",
        "\x00",
        "[" * 100_000,
        json.dumps({"info": {"schema": SCHEMA}, "item": [{"name": "x"}]}),
        json.dumps({"info": {"schema": SCHEMA}, "item": [{"name": "x", "request": {"url": 5}}]}),
        json.dumps({"info": {"schema": SCHEMA}, "item": ["x"]}),
        json.dumps({"info": {"schema": SCHEMA}, "item": []}),
    ],
)
def test_a_file_that_is_no_collection_is_refused(tmp_path: Path, text: str):
    path = tmp_path / "collection.json"
    path.write_text(text)
    with pytest.raises(SettingsError):
        smoke.run(path, "http://127.0.0.1:9", {})


def test_a_folder_runs_alone_and_a_folder_that_is_not_there_is_refused(tmp_path: Path, shop: Shop):
    path = saved(tmp_path, folder("one", ask("x", "/echo/1")), folder("two", ask("y", "/echo/2")))
    smoke.run(path, shop.url, {}, folder="two")
    assert [each.target for each in shop.asked] == ["/echo/2"]
    with pytest.raises(SettingsError, match="no request in the folder three"):
        smoke.run(path, shop.url, {}, folder="three")


def test_a_header_goes_in_utf_8_and_blanks_around_it_are_none_of_it(tmp_path: Path, shop: Shop):
    smoke.run(saved(tmp_path, ask("x", "/echo", header=header(X_One=" über ☃ "))), shop.url, {})
    assert shop.asked[0].headers["x-one"].encode("latin-1").decode() == "über ☃"


@pytest.mark.parametrize("value", ["a\r\nX-More: 1"])
def test_a_variable_cannot_add_a_header_or_break_the_request_with_a_traceback(tmp_path: Path, shop: Shop, value: str):
    with pytest.raises(SlipwayError) as caught:
        smoke.run(saved(tmp_path, ask("x", "/echo", header=header(X_One="{{token}}"))), shop.url, {"token": value})
    assert value not in str(caught.value.fields()) and not any("x-more" in each.headers for each in shop.asked)


def test_variables_of_an_environment_file_that_are_off_are_left_out(tmp_path: Path):
    path = tmp_path / "environment.json"
    values = [{"key": "a", "value": "1"}, {"key": "b", "value": "2", "enabled": False}]
    path.write_text(json.dumps({"values": values}))
    assert postman.environment(path) == {"a": "1"}


@pytest.mark.parametrize("url", [None, "", {}, {"raw": ""}, {"path": ["a"]}, 5])
def test_a_request_without_an_address_is_named_before_anything_is_sent(tmp_path: Path, shop: Shop, url: object):
    path = saved(tmp_path, ask("first", "/echo"), folder("orders", ask("second", "/echo")))
    made = json.loads(path.read_text())
    made["item"][1]["item"][0]["request"]["url"] = url
    path.write_text(json.dumps(made))
    with pytest.raises(SettingsError, match="orders / second has no address"):
        smoke.run(path, shop.url, {})
    assert not shop.asked


def test_an_address_in_parts_needs_no_text_beside_them(tmp_path: Path, shop: Shop):
    parts = {"host": ["{{baseUrl}}"], "path": ["echo", "a"], "query": [{"key": "b", "value": "1"}]}
    smoke.run(saved(tmp_path, ask("x", parts), ask("y", {"host": "{{baseUrl}}", "path": "/echo/c"})), shop.url, {})
    assert [each.target for each in shop.asked] == ["/echo/a?b=1", "/echo/c"]


@pytest.mark.parametrize("name", ["tokn", " token "])  # blanks are part of a name
def test_a_misspelt_name_is_found_before_the_first_request_is_sent(tmp_path: Path, shop: Shop, name: str):
    path = saved(tmp_path, post("first", "/items", body=raw("{}")), ask("second", f"/items/{{{{{name}}}}}"))
    with pytest.raises(VerificationError) as caught:
        smoke.run(path, shop.url, {"token": "1"})
    assert caught.value.code == 8 and not shop.asked
    found = f"not understood: second: {{{{{name}}}}}, which nothing gives a value; {{{{token}}}}, perhaps"
    assert caught.value.found == found


@pytest.mark.parametrize(
    "more",
    [
        {"description": "as {{nobody}} says"},
        {"header": [{"key": "X", "value": "{{nobody}}", "disabled": True}]},
        {"body": {"mode": "raw", "raw": "{}", "urlencoded": [{"key": "a", "value": "{{nobody}}"}]}},
        {"body": {"mode": "raw", "raw": "{{nobody}}", "disabled": True}},
    ],
)
def test_a_name_in_what_is_not_sent_needs_no_value(tmp_path: Path, shop: Shop, more: dict):
    assert smoke.run(saved(tmp_path, post("x", "/echo", **more)), shop.url, {})["requests"] == 1


@pytest.mark.parametrize("script", ["pm.environment.set('later', 1);", "const k = 'la' + 'ter'; pm.globals.set(k, 1);"])
def test_a_name_that_a_script_may_set_is_waited_for(tmp_path: Path, shop: Shop, script: str):
    assert (
        smoke.run(saved(tmp_path, ask("x", "/echo", script), ask("y", "/echo/{{later}}")), shop.url, {})["requests"]
        == 2
    )


def test_variables_of_a_path_stand_for_whole_segments_and_the_query_is_left_alone(tmp_path: Path, shop: Shop):
    variable = [{"key": "user", "value": "ü b"}, {"key": "empty", "value": ""}]
    path = saved(tmp_path, ask("x", url("/echo/:user/a:user/:username/:empty?at=:user", variable=variable)))
    smoke.run(path, shop.url, {})
    assert shop.asked[0].target == "/echo/%C3%BC%20b/a:user/:username/:empty?at=:user"


@pytest.mark.parametrize(
    ("path", "target"),
    [
        ("/echo/a b/ü?q=c d&r=ß", "/echo/a%20b/%C3%BC?q=c%20d&r=%C3%9F"),
        ("/echo?a=1%202&b=%zz&c=50%", "/echo?a=1%202&b=%25zz&c=50%25"),
        ("/echo/./a/../b", "/echo/./a/../b"),
        ("/echo?both={{odd}}", "/echo?both=x&y"),
    ],
)
def test_an_address_is_encoded_as_postman_does_it(tmp_path: Path, shop: Shop, path: str, target: str):
    smoke.run(saved(tmp_path, ask("x", path), variables={"odd": "x&y#z"}), shop.url, {})
    assert shop.asked[0].target == target


def test_a_value_of_a_query_in_parts_ends_no_parameter(tmp_path: Path, shop: Shop):
    smoke.run(saved(tmp_path, ask("x", url("/echo", query=[{"key": "a=b", "value": "1&c=2#d"}]))), shop.url, {})
    assert shop.asked[0].target == "/echo?a%3Db=1%26c=2%23d"


def test_an_answer_that_is_packed_is_unpacked(tmp_path: Path, shop: Shop):
    script = "pm.test('text', () => pm.expect(pm.response.json().packed).to.eql('grüße'));"
    assert smoke.run(saved(tmp_path, ask("x", "/packed", script)), shop.url, {})["checks"] == 1


def test_a_cookie_that_a_login_sets_reaches_the_next_request(tmp_path: Path, shop: Shop):
    smoke.run(saved(tmp_path, ask("login", "/cookies/set"), ask("next", "/echo")), shop.url, {})
    assert shop.asked[1].headers["cookie"] == "session=s-1"
