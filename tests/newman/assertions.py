"""Collections that assert: the words of chai and those of Postman, held and not held."""

from __future__ import annotations

from tests.support.postman import ask, collection


def tested(*tests: str, path: str = "/login") -> dict:
    """One request, and a test for each script, some of which do not hold."""
    body = "\n".join(f'pm.test("t{number}", function () {{ {test} }});' for number, test in enumerate(tests))
    return collection(ask("one", path, f"const body = pm.response.json();\n{body}"))


ASSERTIONS: dict[str, dict] = {
    "status": tested(
        "pm.response.to.have.status(200)",
        'pm.response.to.have.status("OK")',
        "pm.response.to.have.status(201)",
        "pm.response.to.be.ok",
        "pm.response.to.be.success",
        "pm.response.to.not.be.error",
        "pm.response.to.be.clientError",
        "pm.expect(pm.response.code).to.be.oneOf([200, 201, 202])",
        "pm.expect(pm.response.status).to.equal('OK')",
        "pm.expect(pm.response).to.have.status(200)",
        "pm.response.to.not.have.status(500)",
        "pm.expect(pm.response).to.have.property('code', 200)",
        "pm.expect(pm.response.reason()).to.eql('OK')",
    ),
    "kinds of status": collection(
        *(
            ask(
                f"s{status}",
                f"/status/{status}",
                "\n".join(
                    f"pm.test('{word}', () => pm.response.to.be.{word});"
                    for word in (
                        "ok success accepted redirection clientError serverError error badRequest unauthorized "
                        "forbidden notFound rateLimited"
                    ).split()
                ),
            )
            for status in (200, 201, 202, 400, 401, 403, 404, 429, 500, 503)
        )
    ),
    "headers": tested(
        'pm.response.to.have.header("Content-Type")',
        'pm.response.to.have.header("content-type", "application/json")',
        'pm.response.to.have.header("X-Nothing")',
        'pm.response.to.not.have.header("X-Nothing")',
        "pm.expect(pm.response.headers.get('Content-Type')).to.include('json')",
        "pm.expect(pm.response.headers.has('content-type')).to.be.true",
        "pm.expect(pm.response.headers.get('X-Nothing')).to.be.undefined",
        "pm.expect(pm.response.headers.toObject()).to.be.an('object')",
    ),
    "bodies": tested(
        "pm.response.to.be.json",
        "pm.response.to.be.withBody",
        "pm.response.to.have.jsonBody()",
        "pm.response.to.have.jsonBody('user.id')",
        "pm.response.to.have.jsonBody('user.id', 7)",
        "pm.response.to.have.jsonBody('user.id', 8)",
        "pm.response.to.have.jsonBody('user.missing')",
        "pm.response.to.have.body(/t0ken/)",
        "pm.response.to.have.body('other')",
        "pm.expect(pm.response.text()).to.include('t0ken-1')",
        "pm.expect(pm.response.responseTime).to.be.below(9000)",
        "pm.expect(pm.response.responseSize).to.be.above(10)",
        "pm.response.to.have.responseTime.below(9000)",
    ),
    "chained words": tested(
        "pm.expect(body.user.roles).to.be.an('array').that.has.lengthOf(2)",
        "pm.expect(body.user.roles).to.be.an('array').that.includes('admin')",
        "pm.expect(body.user.roles).to.be.an('array').and.not.be.empty",
        "pm.expect(body.user).to.be.an('object').that.has.all.keys('id', 'roles')",
        "pm.expect(body.user).to.have.property('id').that.is.a('number').above(6)",
        "pm.expect(body.user).to.have.property('id').which.equals(8)",
        "pm.expect(body).to.have.nested.property('user.roles[1]', 'staff')",
        "pm.expect(body).to.have.nested.property('user.roles[2]')",
        "pm.expect(body.user.roles).to.have.length.above(1)",
        "pm.expect(body.user.roles).to.have.lengthOf.at.least(3)",
        "pm.expect(body.token).to.be.a('string').and.match(/^t0/).and.have.length(7)",
        "pm.expect(body.user.id).to.not.equal(8).and.not.equal(9)",
        "pm.expect(body.user).to.deep.include({ id: 7 })",
        "pm.expect(body.user).to.include.keys('id')",
        "pm.expect(body.user).to.have.any.keys('id', 'other')",
        "pm.expect(body.user).to.have.keys(['id'])",
    ),
    "equality": tested(
        "pm.expect(body.user).to.eql({ id: 7, roles: ['admin', 'staff'] })",
        "pm.expect(body.user).to.equal({ id: 7, roles: ['admin', 'staff'] })",
        "pm.expect(body.user).to.deep.equal({ roles: ['admin', 'staff'], id: 7 })",
        "pm.expect(body.user.id).to.eql('7')",
        "pm.expect(body.user.id).to.not.eql('7')",
        "pm.expect([1, [2, { a: null }]]).to.eql([1, [2, { a: null }]])",
        "pm.expect({ a: undefined }).to.eql({})",
        "pm.expect(NaN).to.eql(NaN)",
        "pm.expect(new Date(5)).to.eql(new Date(5))",
        "pm.expect(1).to.equal(1, 'with a message')",
        "pm.expect(null).to.eql(undefined)",
        "pm.expect(0.1 + 0.2).to.be.closeTo(0.3, 0.001)",
    ),
    "numbers": tested(
        "pm.expect(5).to.be.above(4)",
        "pm.expect(5).to.be.greaterThan(5)",
        "pm.expect(5).to.be.at.least(5)",
        "pm.expect(5).to.be.at.most(4)",
        "pm.expect(5).to.be.lessThan(6)",
        "pm.expect(5).to.be.within(1, 5)",
        "pm.expect('5').to.be.above(4)",
        "pm.expect('5').to.not.be.above(4)",
        "pm.expect(5).to.be.finite",
        "pm.expect(NaN).to.be.NaN",
    ),
    "members": tested(
        "pm.expect([1, 2, 3]).to.have.members([3, 2, 1])",
        "pm.expect([1, 2, 3]).to.have.members([1, 2])",
        "pm.expect([1, 2, 3]).to.include.members([1, 2])",
        "pm.expect([1, 2, 3]).to.have.ordered.members([3, 2, 1])",
        "pm.expect([{ a: 1 }]).to.have.deep.members([{ a: 1 }])",
        "pm.expect([{ a: 1 }]).to.have.members([{ a: 1 }])",
        "pm.expect([{ a: 1 }, 2]).to.deep.include({ a: 1 })",
        "pm.expect([{ a: 1 }]).to.include({ a: 1 })",
        "pm.expect('abc').to.contain('b')",
        "pm.expect({ a: 1, b: 2 }).to.include({ a: 1 })",
        "pm.expect(['a', 'b']).to.not.include('c')",
        "pm.expect(undefined).to.include('c')",
    ),
    "kinds": tested(
        *(
            f"pm.expect({value}).to.be.{word}"
            for value in ("null", "undefined", "''", "0", "'x'", "[]", "{}", "true", "/x/", "() => 1", "new Date()")
            for word in (
                "ok",
                "empty",
                "null",
                "exist",
                "true",
                "a('array')",
                "an('object')",
                "a('string')",
                "a('function')",
            )
        )
    ),
    "throwing": tested(
        "pm.expect(() => JSON.parse('{')).to.throw()",
        "pm.expect(() => JSON.parse('{')).to.throw(SyntaxError)",
        "pm.expect(() => 1).to.throw()",
        "pm.expect(() => { throw new Error('wrong turn') }).to.throw('turn')",
        "pm.expect(() => { throw new Error('wrong turn') }).to.throw(/left/)",
        "pm.expect(new Error('x')).to.be.an.instanceof(Error)",
        "pm.expect(7).to.satisfy((n) => n % 2 === 0)",
        "pm.expect.fail('never')",
        "throw new Error('by hand')",
        "body.nothing.deeper",
    ),
    "an unknown word": tested("pm.expect(1).to.be.jolly", "pm.expect(1).to.be.primeNumber(2)"),
    "schemas": collection(
        ask(
            "list",
            "/list",
            """
const schema = { type: "array", items: { type: "object", required: ["id", "name"], properties: {
    id: { type: "integer", minimum: 1 }, name: { type: "string", pattern: "^n" }, price: { type: "number" },
    tags: { type: "array", items: { enum: ["a", "b"] }, minItems: 2 } } } };
pm.test("holds", () => pm.response.to.have.jsonSchema(schema));
pm.test("misses a key", () => pm.response.to.have.jsonSchema({ items: { required: ["nothing"] } }));
pm.test("another type", () => pm.expect(pm.response.json()).to.have.jsonSchema({ type: "object" }));
pm.test("not", () => pm.expect({ a: 1 }).to.not.have.jsonSchema({ properties: { a: { type: "string" } } }));
pm.test("more", () => pm.expect({ a: 1, b: 2 }).to.have.jsonSchema({ properties: { a: {} }, additionalProperties: false }));
pm.test("refs", () => pm.expect({ a: "x" }).to.have.jsonSchema({
    definitions: { text: { type: "string" } }, properties: { a: { $ref: "#/definitions/text" } } }));
pm.test("any", () => pm.expect(5).to.have.jsonSchema({ anyOf: [{ type: "string" }, { type: "number", maximum: 4 }] }));
pm.test("one", () => pm.expect(5).to.have.jsonSchema({ oneOf: [{ type: "string" }, { type: "integer" }] }));
tests["tv4"] = tv4.validate({ a: 1 }, { required: ["a"] });
""",
        )
    ),
}
