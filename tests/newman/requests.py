"""Collections whose requests are what is looked at: addresses, headers, bodies, authorization, cookies, redirects."""

from __future__ import annotations

from tests.support.postman import ask, auth, collection, folder, header, post, raw, url

OK = "pm.test('ok', () => pm.response.to.have.status(200));"
REFUSED = "pm.test('refused', () => pm.response.to.have.status(401));"


def field(key: str, value: str = "", **more: object) -> dict:
    return {"key": key, "value": value, "type": "text"} | more


REQUESTS: dict[str, dict] = {
    "addresses": collection(
        ask("query", "/echo?a=1&b=two&empty=&c=x%20y", OK),
        ask("text", "/echo", OK) | {"request": "{{baseUrl}}/echo/text?y=2"},
        ask("spaces", "/echo/a b?q=c d", OK),
        ask("letters", "/echo/über?q=ß", OK),
        ask("root", {"raw": "{{baseUrl}}", "host": ["{{baseUrl}}"]}, OK),
        ask("slash", {"raw": "{{baseUrl}}/echo/", "host": ["{{baseUrl}}"], "path": ["echo", ""]}, OK),
        ask(
            "fragment", {"raw": "{{baseUrl}}/echo#part", "host": ["{{baseUrl}}"], "path": ["echo"], "hash": "part"}, OK
        ),
        ask("no value", url("/echo", query=[{"key": "flag", "value": None}, {"key": "a", "value": "1"}]), OK),
        ask("doubled", "/echo?a=1&a=2", OK),
    ),
    "path variables": collection(
        ask("set", url("/echo/:kind/:id?d=1", variable=[field("kind", "order"), field("id", "{{id}}")]), OK),
        ask("unset", url("/echo/:kind", variable=[field("other", "1")]), OK),
        ask("twice", url("/echo/:id/of/:id", variable=[field("id", "7")]), OK),
        variables={"id": "42"},
    ),
    "what is off": collection(
        post(
            "off",
            url("/echo", query=[field("on", "1"), field("off", "2", disabled=True)]),
            OK,
            header=[field("X-On", "1"), field("X-Off", "2", disabled=True)],
            body={"mode": "urlencoded", "urlencoded": [field("on", "1"), field("off", "{{nothing}}", disabled=True)]},
        ),
    ),
    "methods": collection(
        *(ask(method, "/echo", OK, method=method) for method in ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")),
        ask("HEAD", "/echo", "pm.test('head', () => pm.expect(pm.response.text()).to.equal(''));", method="HEAD"),
    ),
    "headers": collection(
        ask("set", "/echo", OK, header=header(X_One="{{one}}", Accept="application/json", X_Empty="")),
        ask("named", "/echo", OK, header=[{"key": "X-{{one}}", "value": "a, b"}]),
        variables={"one": "1"},
    ),
    "raw bodies": collection(
        *(
            post(language, "/echo", OK, body=raw(text, language))
            for language, text in (
                ("json", '{"a": [1, "é", {"b": null}]}'),
                ("text", "plain {{who}}"),
                ("xml", "<a>1</a>"),
                ("html", "<b>1</b>"),
                ("javascript", "let a = 1;"),
            )
        ),
        post("own type", "/echo", OK, header=header(Content_Type="application/vnd.api+json"), body=raw("{}")),
        post("no language", "/echo", OK, body={"mode": "raw", "raw": "just text"}),
        post("empty", "/echo", OK, body={"mode": "raw", "raw": ""}),
        post("none", "/echo", OK),
        ask("get with a body", "/echo", OK, body=raw('{"dropped": true}')),
        variables={"who": "Ada"},
    ),
    "a get that keeps its body": collection(
        ask("kept", "/echo", OK, body=raw('{"kept": true}'))
        | {"protocolProfileBehavior": {"disableBodyPruning": True}},
    ),
    "urlencoded": collection(
        post(
            "form",
            "/echo",
            OK,
            body={
                "mode": "urlencoded",
                "urlencoded": [
                    field("a", "1 2"),
                    field("b", "x&y=z"),
                    field("c", "{{who}}"),
                    field("d", "é/+"),
                    field("e"),
                ],
            },
        ),
        post("twice", "/echo", OK, body={"mode": "urlencoded", "urlencoded": [field("a", "1"), field("a", "2")]}),
        variables={"who": "Ada Lovelace"},
    ),
    "forms with files": collection(
        post(
            "upload",
            "/echo",
            OK,
            body={
                "mode": "formdata",
                "formdata": [
                    field("title", "{{who}}"),
                    {"key": "file", "type": "file", "src": "note.txt"},
                    {"key": "picture", "type": "file", "src": "dot.png", "contentType": "image/x-dot"},
                    field("meta", '{"a": 1}', contentType="application/json"),
                    field("off", "1", disabled=True),
                ],
            },
        ),
        post(
            "many",
            "/echo",
            OK,
            body={"mode": "formdata", "formdata": [{"key": "f", "type": "file", "src": ["note.txt", "dot.png"]}]},
        ),
        post("fields", "/echo", OK, body={"mode": "formdata", "formdata": [field("a", "1"), field("b", "é")]}),
        variables={"who": "Ada"},
    ),
    "a file as body": collection(post("file", "/echo", OK, body={"mode": "file", "file": {"src": "note.txt"}})),
    "graphql": collection(
        post(
            "query",
            "/echo",
            OK,
            body={
                "mode": "graphql",
                "graphql": {
                    "query": "query ($id: ID!) {\n  user(id: $id) { name }\n}",
                    "variables": '{"id": "{{id}}"}',
                },
            },
        ),
        post("bare", "/echo", OK, body={"mode": "graphql", "graphql": {"query": "{ users { id } }", "variables": ""}}),
        variables={"id": "7"},
    ),
    "bearer": collection(
        ask("right", "/guarded/bearer", OK, auth=auth("bearer", token="{{token}}")),
        ask("wrong", "/guarded/bearer", REFUSED, auth=auth("bearer", token="other")),
        ask(
            "own header too",
            "/guarded/bearer",
            OK,
            auth=auth("bearer", token="{{token}}"),
            header=header(Authorization="Basic x"),
        ),
    ),
    "basic": collection(
        ask("right", "/guarded/basic", OK, auth=auth("basic", username="ada", password="{{password}}")),
        ask("wrong", "/guarded/basic", REFUSED, auth=auth("basic", username="ada", password="no")),
        variables={"password": "s3cret"},
    ),
    "api keys": collection(
        ask("header", "/guarded/key", OK, auth=auth("apikey", key="X-API-Key", value="k3y-12345", **{"in": "header"})),
        ask("query", "/guarded/key?a=1", OK, auth=auth("apikey", key="api_key", value="k3y-12345", **{"in": "query"})),
        ask("wrong", "/guarded/key", REFUSED, auth=auth("apikey", key="X-API-Key", value="no")),
    ),
    "digest": collection(
        ask(
            "right", "/guarded/digest?a=1", OK, auth=auth("digest", username="ada", password="s3cret", algorithm="MD5")
        ),
    ),
    "a token of oauth2": collection(
        ask(
            "header",
            "/guarded/bearer",
            OK,
            auth=auth("oauth2", accessToken="t0ken-1", addTokenTo="header", tokenType="Bearer"),
        ),
    ),
    "inherited authorization": collection(
        folder(
            "closed",
            ask("of the folder", "/guarded/bearer", OK),
            ask("none", "/guarded/bearer", REFUSED, auth={"type": "noauth"}),
            folder("deeper", ask("still", "/guarded/bearer", OK)),
            auth=auth("bearer", token="{{token}}"),
        ),
        ask("of the collection", "/guarded/basic", OK),
        auth=auth("basic", username="ada", password="s3cret"),
    ),
    "cookies": collection(
        ask("none", "/cookies", "pm.test('no', () => pm.expect(pm.cookies.has('session')).to.be.false);"),
        ask(
            "set",
            "/cookies/set",
            """
pm.test("has", () => pm.expect(pm.cookies.has("session")).to.be.true);
pm.test("value", () => pm.expect(pm.cookies.get("session")).to.equal("s-1"));
pm.test("all", () => pm.expect(pm.cookies.toObject()).to.have.property("session"));
tests["old"] = postman.getResponseCookie("session").value === "s-1";
""",
        ),
        ask("sent", "/cookies", "pm.test('sent', () => pm.expect(pm.response.json().cookie).to.equal('session=s-1'));"),
        ask("dropped", "/cookies/drop", OK),
        ask("gone", "/cookies", "pm.test('gone', () => pm.expect(pm.response.json().cookie).to.equal(''));"),
    ),
    "redirects": collection(
        ask("followed", "/moved", "pm.test('there', () => pm.expect(pm.response.json().path).to.eql('/echo/here'));"),
        post(
            "becomes a get",
            "/moved",
            "pm.test('get', () => pm.expect(pm.response.json().method).to.eql('GET'));",
            body=raw("{}"),
        ),
        post(
            "stays a post",
            "/moved/kept",
            "pm.test('post', () => pm.expect(pm.response.json().body).to.eql('{\"a\":1}'));",
            body=raw('{"a":1}'),
        ),
        ask("not followed", "/moved", "pm.test('302', () => pm.response.to.have.status(302));")
        | {"protocolProfileBehavior": {"followRedirects": False}},
    ),
    "answers of all kinds": collection(
        ask(
            "empty",
            "/empty",
            "pm.test('204', () => pm.response.to.have.status(204));\npm.test('bare', () => pm.expect(pm.response.text()).to.be.empty);",
        ),
        ask("letters", "/text", "pm.test('text', () => pm.expect(pm.response.text()).to.equal('grüße, world'));"),
        ask(
            "page",
            "/page",
            "pm.test('html', () => pm.expect(pm.response.headers.get('Content-Type')).to.include('html'));",
        ),
        ask("broken", "/broken", "pm.test('500', () => pm.response.to.be.serverError);"),
        ask("slow", "/slow", "pm.test('time', () => pm.expect(pm.response.responseTime).to.be.within(40, 5000));"),
    ),
    "a login and what follows": collection(
        post(
            "login",
            "/login",
            """
pm.test("token", () => pm.expect(pm.response.json()).to.have.property("token"));
if (pm.response.code === 200) { pm.collectionVariables.set("session_token", pm.response.json().token); }
else { postman.setNextRequest(null); }
""",
            body=raw('{"user": "{{user}}", "password": "{{password}}"}'),
        ),
        ask("use it", "/guarded/bearer", OK),
        auth=auth("bearer", token="{{session_token}}"),
        variables={"session_token": "none", "user": "ada", "password": "s3cret"},
    ),
    "names with signs": collection(
        folder("A/B (ünï)", ask('50% "quoted" / slash', "/login", "pm.test('ä \"x\" / %', () => {});")),
    ),
}
