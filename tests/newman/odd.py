"""Collections as exports really are: fields that are missing or null, addresses in odd parts, cookies with conditions."""

from __future__ import annotations

from tests.newman.requests import OK, field
from tests.support.postman import ask, collection, header, post, raw, url

BASE = "{{baseUrl}}"


def request(name: str, value: object) -> dict:
    """An item whose request is exactly this."""
    return {"name": name, "event": [], "request": value, "response": []}


ODD: dict[str, dict] = {
    "fields that are missing": collection(
        request("no method", {"url": f"{BASE}/echo"}),
        request("no header", {"method": "GET", "url": {"raw": f"{BASE}/echo", "host": [BASE], "path": ["echo"]}}),
        request("null fields", {"method": "POST", "header": None, "body": None, "auth": None, "url": f"{BASE}/echo"}),
        request("header as text", {"method": "GET", "header": "X-One: 1\r\nX-Two: 2", "url": f"{BASE}/echo"}),
        request("body without its mode's value", {"method": "POST", "body": {"mode": "raw"}, "url": f"{BASE}/echo"}),
        request("empty form", {"method": "POST", "body": {"mode": "urlencoded"}, "url": f"{BASE}/echo"}),
        request("small letters", {"method": "post", "url": f"{BASE}/echo"}),
        {"name": "events null", "event": None, "request": f"{BASE}/echo"},
        {"request": f"{BASE}/echo"},
    ),
    "addresses without raw": collection(
        ask("parts", {"host": [BASE], "path": ["echo", "a"], "query": [field("x", "1")]}, OK),
        ask("path as text", {"host": [BASE], "path": "/echo/b"}, OK),
        ask("host as text", {"host": BASE, "path": ["echo", "c"]}, OK),
        ask("raw says other", {"raw": f"{BASE}/echo/raw", "host": [BASE], "path": ["echo", "parts"]}, OK),
        ask("no path", {"host": [BASE], "query": [field("x", "1")]}, OK),
    ),
    "signs in queries": collection(
        ask("quotes", url("/echo", query=[field("a", '"x"'), field("b", "it's")]), OK),
        ask("brackets", url("/echo", query=[field("filter[a]", "[1]"), field("b", "{x}")]), OK),
        ask("percent", url("/echo", query=[field("a", "50%25"), field("b", "%C3%BC")]), OK),
        ask("plus", url("/echo", query=[field("a", "1+1"), field("b", "x y")]), OK),
        ask("equals", url("/echo", query=[field("a", "b=c"), field("d=e", "f")]), OK),
        ask("hash coded", url("/echo", query=[field("a", "%23")]), OK),
        ask("emoji", url("/echo", query=[field("a", "🙂"), field("ключ", "значение")]), OK),
        ask(
            "pipes",
            url("/echo", query=[field("a", "x|y"), field("b", "a\\b"), field("c", "<a>"), field("d", "^`")]),
            OK,
        ),
        ask("slashes", url("/echo", query=[field("next", "/a/b?c"), field("u", "http://x/y")]), OK),
        ask("empty key", url("/echo", query=[field("", "1"), field("a", "")]), OK),
        ask("null key", url("/echo", query=[{"key": None, "value": "1"}, field("a", "1")]), OK),
    ),
    "signs in paths": collection(
        ask("blank", url("/echo/a b"), OK),
        ask("coded", url("/echo/a%20b%2Fc"), OK),
        ask("quotes", url('/echo/it\'s"x"'), OK),
        ask("brackets", url("/echo/[1]/{x}"), OK),
        ask("letters", url("/echo/привет/日本"), OK),
        ask("semicolon", url("/echo/a;b=1,c:d@e!$&(f)*"), OK),
        ask("dots", url("/echo/./a/../b"), OK),
        ask("empty parts", {"raw": f"{BASE}/echo//a", "host": [BASE], "path": ["echo", "", "a"]}, OK),
    ),
    "variables in paths": collection(
        ask("signs", url("/echo/:a/:b", variable=[field("a", "x y"), field("b", "ü/ö?z#")]), OK),
        ask("a dot after", url("/echo/:id.json", variable=[field("id", "7")]), OK),
        ask("longer name", url("/echo/:user/:userPet", variable=[field("user", "ann"), field("userPet", "rex")]), OK),
        ask("empty value", url("/echo/:a/end", variable=[field("a", "")]), OK),
        ask("null value", url("/echo/:a/end", variable=[{"key": "a", "value": None}]), OK),
        ask("by id", url("/echo/:a", variable=[{"id": "a", "value": "1"}]), OK),
        ask("a variable in it", url("/echo/:a", variable=[field("a", "{{who}}-{{token}}")]), OK),
        ask("in the query", url("/echo/x?at=:a", variable=[field("a", "1")]), OK),
        variables={"who": "Ada"},
    ),
    "values as they are": collection(
        ask("number", "/echo?n={{n}}&b={{b}}", OK),
        ask("nested", "/echo?a={{outer}}", OK),
        ask("dashes", "/echo?a={{a-b.c}}", OK),
        post("in a body", "/echo", OK, body=raw('{"n": {{n}}, "who": "{{who}}"}')),
        ask("in a header", "/echo", OK, header=header(X_Who="{{who}}/{{n}}")),
        variables={"n": 5, "b": True, "outer": "{{who}}!", "who": "Ada", "a-b.c": "dash"},
    ),
    "headers of all kinds": collection(
        ask("twice", "/echo", OK, header=[field("X-A", "1"), field("X-A", "2")]),
        ask("blanks", "/echo", OK, header=[field("X-A", "  x  ")]),
        ask("empty name", "/echo", OK, header=[field("", "1")]),
        ask("accept", "/echo", OK, header=header(Accept="text/html")),
        post("length", "/echo", OK, header=header(Content_Type="text/plain"), body=raw("x", "text")),
    ),
    "packed answers": collection(
        *(
            ask(kind, f"/packed/{kind}", "pm.test('read', () => pm.expect(pm.response.json().packed).to.eql('grüße'));")
            for kind in ("gzip", "deflate", "raw-deflate")
        ),
        ask("empty", "/packed/empty", "pm.test('empty', () => pm.expect(pm.response.text()).to.eql(''));"),
        ask("HEAD", "/packed/gzip", OK, method="HEAD"),
        *(
            ask(
                asked,
                "/packed/asked",
                "pm.test('read', () => pm.expect(pm.response.json().packed).to.eql('grüße'));",
                header=header(Accept_Encoding=asked),
            )
            for asked in ("gzip", "gzip, deflate, br", "br", "*")
        ),
    ),
    "cookies with conditions": collection(
        *(ask(kind, f"/cookies/kind/{kind}", OK) for kind in ("path", "age", "domain", "port", "quoted", "many")),
        ask("sent here", "/cookies", OK),
        ask("sent there", "/cookies/deep/er", OK),
        ask("own header too", "/cookies", OK, header=header(Cookie="mine=1")),
        ask("over", "/cookies/kind/over", OK),
        ask("none any more", "/cookies", OK),
    ),
}
