"""Collections whose scripts are programs: the language, what ends later, requests of scripts, the order of a run."""

from __future__ import annotations

from tests.support.postman import ask, collection, folder

SCRIPTS: dict[str, dict] = {
    "loops and functions": collection(
        ask(
            "list",
            "/list",
            """
function check(item) {
    const { id, name, tags: [first, ...rest] } = item;
    pm.test(`item ${id} is called n${id}`, () => {
        pm.expect(name).to.equal(`n${id}`);
        pm.expect(first + rest.join("")).to.equal("ab");
    });
}
const list = pm.response.json();
for (const item of list) { check(item); }
for (let i = 0; i < list.length; i++) {
    if (list[i].price > 2) { pm.test("dear " + i, () => pm.expect(list[i].price).to.be.above(2)); }
    else { pm.test("cheap " + i, () => pm.expect(list[i].price).to.be.below(1)); }
}
const total = list.map((each) => each.price).reduce((a, b) => a + b, 0);
pm.test("total", () => pm.expect(total).to.equal(9));
pm.test("sorted", () => pm.expect(list.map((x) => x.id)).to.eql([...list.map((x) => x.id)].sort((a, b) => a - b)));
let n = 0; while (n < 3) n += 1;
pm.test("while", () => pm.expect(n ** 2 % 4).to.eql(1));
switch (list.length) { case 3: pm.test("three", () => {}); break; default: pm.test("other", () => {}); }
class Cart { #sum = 0; add(x) { this.#sum += x; return this; } get sum() { return this.#sum; } }
pm.test("class", () => pm.expect(new Cart().add(1).add(2).sum).to.equal(3));
""",
        )
    ),
    "try and catch": collection(
        ask(
            "page",
            "/page",
            """
let body;
try { body = pm.response.json(); } catch (error) { body = null; }
pm.test("no json", () => pm.expect(body).to.be.null);
pm.test("json", () => pm.response.to.be.json);
pm.test("title", () => pm.expect(pm.response.text().match(/<title>(.*)<\\/title>/)[1]).to.eql("Shop"));
""",
        )
    ),
    "a script that throws": collection(
        ask("first", "/login", "pm.test('before', () => {});\nundefinedFunction();\npm.test('after', () => {});"),
        ask("second", "/login", "pm.test('goes on', () => pm.response.to.have.status(200));"),
        ask("third", "/login", "pm.expect(1).to.equal(2);"),
        ask("fourth", "/login", "pm.test('still sent', () => {});", "null.x"),
    ),
    "scripts of folders": collection(
        folder(
            "outer",
            folder("inner", ask("deep", "/login", "pm.test('request', () => {});"), test="pm.test('inner', () => {});"),
            ask("shallow", "/login", "pm.test('request', () => {});"),
            test="pm.test('outer', () => {});",
        ),
        ask("bare", "/status/500"),
        test="pm.test('collection', () => pm.response.to.have.status(200));",
    ),
    "tests that end later": collection(
        ask(
            "timers",
            "/login",
            """
pm.test("done", function (done) { setTimeout(() => { pm.expect(1).to.equal(1); done(); }, 20); });
pm.test("failed", (done) => { setTimeout(() => done(new Error("no")), 5); });
setTimeout(() => { pm.test("in a timer", () => pm.expect(2).to.equal(3)); }, 30);
const never = setTimeout(() => pm.test("never", () => {}), 10);
clearTimeout(never);
""",
        ),
        ask(
            "interval",
            "/login",
            """
let n = 0;
const every = setInterval(() => { n += 1; if (n === 3) { clearInterval(every); pm.test("thrice", () => {}); } }, 3);
""",
        ),
    ),
    "requests of scripts": collection(
        ask(
            "asks",
            "/echo?t={{fetched}}",
            """
pm.test("fetched", () => pm.expect(pm.response.json().args.t).to.equal("t0ken-1"));
pm.sendRequest({
    url: pm.environment.get("baseUrl") + "/items", method: "POST",
    header: { "Content-Type": "application/json", "X-From": "script" },
    body: { mode: "raw", raw: JSON.stringify({ name: "by script" }) },
}, function (err, res) {
    pm.test("made", () => { pm.expect(err).to.be.null; pm.expect(res).to.have.status(201); });
    pm.sendRequest(pm.variables.replaceIn("{{baseUrl}}/items/") + res.json().id, (err, res) => {
        pm.test("read", () => pm.expect(res.json().name).to.equal("by script"));
    });
});
""",
            """
pm.sendRequest(pm.environment.get("baseUrl") + "/login", (error, response) => {
    pm.environment.set("fetched", response.json().token);
});
""",
        )
    ),
    "the next request": collection(
        ask("first", "/echo/1", 'pm.test("1", () => {}); pm.execution.setNextRequest("third");'),
        ask("second", "/echo/2", "pm.test('2', () => {});"),
        ask(
            "third",
            "/echo/3",
            """
pm.test("3", () => {});
const n = (pm.collectionVariables.get("n") || 0) + 1;
pm.collectionVariables.set("n", n);
postman.setNextRequest(n < 3 ? "third" : null);
""",
        ),
        ask("fourth", "/echo/4", "pm.test('4', () => {});"),
    ),
    "a request that is left out": collection(
        ask("skipped", "/echo/1", "pm.test('no', () => {});", "pm.execution.skipRequest();\npm.test('no', () => {});"),
        ask("sent", "/echo/2", "pm.test('yes', () => {}); pm.test.skip('later', () => {});"),
    ),
    "libraries": collection(
        ask(
            "few",
            "/login",
            """
const chai = require("chai");
pm.test("chai", () => chai.expect(1).to.equal(1));
pm.test("base64", () => pm.expect(atob(btoa("ada:s3cret"))).to.equal("ada:s3cret"));
pm.test("encoded", () => pm.expect(btoa("ada:s3cret")).to.equal("YWRhOnMzY3JldA=="));
pm.test("uuid", () => pm.expect(require("uuid").v4()).to.match(/^[0-9a-f-]{36}$/));
console.log("said", { a: 1 }); console.info(1); console.warn(2); console.error(3);
""",
        )
    ),
}
