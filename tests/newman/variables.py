"""Collections that carry values: scopes, pre-request scripts, made values, the names of older exports."""

from __future__ import annotations

from tests.support.postman import ask, collection, folder, header, post, raw

VARIABLES: dict[str, dict] = {
    "variables in all scopes": collection(
        ask(
            "one",
            "/echo?v={{who}}",
            """
pm.test("environment wins", () => pm.expect(pm.variables.get("who")).to.equal("environment"));
pm.test("collection", () => pm.expect(pm.collectionVariables.get("who")).to.equal("collection"));
pm.test("sent", () => pm.expect(pm.response.json().args.v).to.equal("environment"));
pm.test("has", () => pm.expect(pm.environment.has("who")).to.be.true);
pm.test("has not", () => pm.expect(pm.globals.has("who")).to.be.true);
pm.environment.unset("who");
pm.globals.set("who", "globals");
pm.variables.set("local", "only here");
""",
        ),
        ask(
            "two",
            "/echo?v={{who}}",
            """
pm.test("collection next", () => pm.expect(pm.response.json().args.v).to.equal("collection"));
pm.test("global", () => pm.expect(pm.globals.get("who")).to.equal("globals"));
pm.test("object", () => pm.expect(pm.environment.toObject()).to.not.have.property("who"));
pm.collectionVariables.unset("who");
""",
        ),
        ask("three", "/echo?v={{who}}", "pm.test('g', () => pm.expect(pm.response.json().args.v).to.eql('globals'));"),
        variables={"who": "collection"},
    ),
    "values that are no texts": collection(
        post(
            "set",
            "/echo",
            """
const sent = JSON.parse(pm.response.json().body);
pm.test("sent", () => pm.expect(sent).to.eql({ n: 5, yes: true, list: [1, 2] }));
pm.test("kept", () => pm.expect(pm.collectionVariables.get("n")).to.be.a("number"));
""",
            """
pm.collectionVariables.set("n", 5);
pm.collectionVariables.set("yes", true);
pm.collectionVariables.set("list", JSON.stringify([1, 2]));
""",
            body=raw('{"n": {{n}}, "yes": {{yes}}, "list": {{list}}}'),
        ),
        ask("later", "/login", "pm.test('n', () => pm.expect(pm.variables.get('n') + 1).to.eql(6));"),
    ),
    "variables in variables": collection(
        ask("one", "/echo/{{path}}", "pm.test('p', () => pm.expect(pm.response.json().path).to.eql('/echo/a-b'));"),
        ask(
            "two",
            "/echo",
            "pm.test('r', () => pm.expect(pm.variables.replaceIn('{{path}} and {{left}}')).to.eql('a-b and b'));",
        ),
        variables={"path": "a-{{left}}", "left": "b"},
    ),
    "a value carried on": collection(
        post(
            "create",
            "/items",
            """
pm.test("made", function () { pm.response.to.have.status(201); });
var data = pm.response.json();
pm.collectionVariables.set("itemId", data.id);
pm.environment.set("place", pm.response.headers.get("Location"));
""",
            body=raw('{"name": "lamp", "price": 12.5}'),
        ),
        ask("read", "/items/{{itemId}}", "pm.test('name', () => pm.expect(pm.response.json().name).to.eql('lamp'));"),
        ask(
            "change",
            "/items/{{itemId}}",
            "pm.test('price', () => pm.expect(pm.response.json()).to.have.property('price', 9));",
            method="PATCH",
            body=raw('{"price": 9}'),
        ),
        ask(
            "by place",
            {"raw": "{{baseUrl}}{{place}}", "host": ["{{baseUrl}}{{place}}"]},
            "pm.test('p', () => pm.response.to.be.ok);",
        ),
        ask("delete", "/items/{{itemId}}", "pm.test('gone', () => pm.response.to.have.status(204));", method="DELETE"),
        ask("missing", "/items/{{itemId}}", "pm.test('404', () => pm.response.to.be.notFound);"),
    ),
    "pre-request scripts": collection(
        folder(
            "inner",
            post(
                "signed",
                "/echo",
                """
const sent = pm.response.json();
pm.test("order", () => pm.expect(sent.args.order).to.equal("cfr"));
pm.test("stamp", () => pm.expect(sent.headers["x-stamp"]).to.match(/^\\d+$/));
""",
                """
pm.variables.set("order", pm.variables.get("order") + "r");
pm.environment.set("stamp", Date.now());
pm.request.headers.add({ key: "X-Stamp", value: String(12345) });
pm.request.headers.upsert({ key: "X-Kind", value: "second" });
pm.request.headers.remove("X-Drop");
pm.request.url.query.add({ key: "order", value: "{{order}}" });
pm.request.body.raw = JSON.stringify({ changed: true });
""",
                header=header(X_Kind="first", X_Drop="1"),
                body=raw('{"changed": false}'),
            ),
            before='pm.variables.set("order", pm.variables.get("order") + "f");',
        ),
        before='pm.variables.set("order", "c");',
    ),
    "what scripts know": collection(
        folder(
            "place",
            ask(
                "here",
                "/echo/a?b=1",
                """
pm.test("name", () => pm.expect(pm.info.requestName).to.equal("here"));
pm.test("event", () => pm.expect(pm.info.eventName).to.equal("test"));
pm.test("iteration", () => pm.expect([pm.info.iteration, pm.info.iterationCount]).to.eql([0, 1]));
pm.test("method", () => pm.expect(pm.request.method).to.equal("GET"));
pm.test("url", () => pm.expect(pm.request.url.toString()).to.match(/\\/echo\\/a\\?b=1$/));
pm.test("path", () => pm.expect(pm.request.url.getPath()).to.equal("/echo/a"));
pm.test("query", () => pm.expect(pm.request.url.query.get("b")).to.equal("1"));
pm.test("header", () => pm.expect(pm.request.headers.get("X-One")).to.equal("1"));
pm.test("location", () => pm.expect(pm.execution.location.current).to.equal("here"));
""",
                header=header(X_One="1"),
            ),
        )
    ),
    "older exports": collection(
        ask(
            "old",
            "/login",
            """
var jsonData = JSON.parse(responseBody);
tests["Status code is 200"] = responseCode.code === 200;
tests["Status code name"] = responseCode.name === "OK";
tests["Has a token"] = responseBody.has("t0ken") && jsonData.token !== undefined;
tests["Too fast"] = responseTime < 0;
tests["Content-Type"] = postman.getResponseHeader("Content-Type") === "application/json";
tests["Headers"] = responseHeaders["Content-Type"] === "application/json";
postman.setEnvironmentVariable("token", jsonData.token);
postman.setGlobalVariable("user", jsonData.user.id);
tests["kept"] = postman.getEnvironmentVariable("token") === "t0ken-1";
""",
        ),
        ask(
            "older",
            "/echo?u={{user}}",
            """
tests["token"] = environment.token === "t0ken-1" && environment["token"].length === 7;
tests["user"] = globals.user == 7;
tests["method"] = request.method === "GET";
tests["sent"] = JSON.parse(responseBody).args.u === "7";
postman.clearEnvironmentVariable("token");
tests["cleared"] = !postman.getEnvironmentVariable("token");
""",
            header=header(Authorization="Token {{token}}"),
        ),
    ),
    "made values": collection(
        post(
            "made",
            "/echo",
            """
const sent = JSON.parse(pm.response.json().body);
const is = (name, pattern) => pm.test(name, () => pm.expect(String(sent[name])).to.match(pattern));
is("guid", /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
is("uuid", /^[0-9a-f-]{36}$/); is("stamp", /^\\d{10}$/); is("iso", /^\\d{4}-\\d\\d-\\d\\dT/); is("int", /^\\d{1,4}$/);
is("mail", /^\\S+@\\S+\\.\\S+$/); is("first", /^\\S/); is("full", /\\S \\S/); is("yes", /^(true|false)$/);
is("ip", /^\\d+\\.\\d+\\.\\d+\\.\\d+$/); is("colour", /^#[0-9a-f]{6}$/i); is("price", /^\\d+(\\.\\d+)?$/);
""",
            body=raw(
                '{"guid": "{{$guid}}", "uuid": "{{$randomUUID}}", "stamp": {{$timestamp}}, "iso": "{{$isoTimestamp}}", '
                '"int": {{$randomInt}}, "mail": "{{$randomEmail}}", "first": "{{$randomFirstName}}", '
                '"full": "{{$randomFullName}}", "yes": {{$randomBoolean}}, "ip": "{{$randomIP}}", '
                '"colour": "{{$randomHexColor}}", "price": "{{$randomPrice}}"}'
            ),
        )
    ),
}
