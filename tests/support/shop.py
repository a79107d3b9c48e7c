"""A small shop over HTTP that remembers what it was asked: what collections are run against."""

from __future__ import annotations

import gzip
import http.server
import json
import threading
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, urlsplit


@dataclass(frozen=True)
class Asked:
    """One request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]  # names in lower case
    body: bytes


@dataclass
class Shop:
    """Where it listens, what it was asked, what it keeps, and what a test has it answer."""

    url: str = ""
    asked: list[Asked] = field(default_factory=list)
    items: dict[str, dict] = field(default_factory=dict)
    planted: dict[str, Answer] = field(default_factory=dict)  # by path, before anything else


Answer = tuple[int, dict[str, str], object]


def echo(shop: Shop, asked: Asked) -> Answer:
    """What arrived, as JSON."""
    parts = urlsplit(asked.target)
    return (
        200,
        {"X-Trace": "abc"},
        {
            "method": asked.method,
            "path": parts.path,
            "args": dict(parse_qsl(parts.query, keep_blank_values=True)),
            "headers": asked.headers,
            "body": asked.body.decode("utf-8", "replace"),
        },
    )


def items(shop: Shop, asked: Asked) -> Answer:
    name = urlsplit(asked.target).path.removeprefix("/items").strip("/")
    if asked.method == "POST":
        made = {"id": f"i{len(shop.items) + 1}", **json.loads(asked.body or b"{}")}
        shop.items[made["id"]] = made
        return 201, {"Location": f"/items/{made['id']}"}, made
    if not name:
        return 200, {}, {"items": list(shop.items.values()), "total": len(shop.items)}
    if name not in shop.items:
        return 404, {}, {"error": {"code": "not_found", "message": f"no item {name}"}}
    if asked.method == "DELETE":
        del shop.items[name]
        return 204, {}, None
    if asked.method in ("PUT", "PATCH"):
        shop.items[name] |= json.loads(asked.body)
    return 200, {}, shop.items[name]


def guarded(shop: Shop, asked: Asked) -> Answer:
    """Lets in who brings the right token, password or key."""
    right = {
        "/guarded/bearer": "Bearer t0ken-1",
        "/guarded/basic": "Basic YWRhOnMzY3JldA==",
    }
    path = urlsplit(asked.target).path
    key = asked.headers.get("x-api-key") or dict(parse_qsl(urlsplit(asked.target).query)).get("api_key")
    given = asked.headers.get("authorization", "")
    if path == "/guarded/digest" and not given.startswith("Digest "):
        ask = 'Digest realm="shop", qop="auth", nonce="n0nce", algorithm=MD5'
        return 401, {"WWW-Authenticate": ask}, {"error": "who"}
    held = key == "k3y-12345" if path == "/guarded/key" else given == right.get(path, given)
    return (200 if held else 401), {}, {"user": "ada"} if held else {"error": "who"}


def cookies(shop: Shop, asked: Asked) -> Answer:
    path = urlsplit(asked.target).path
    if path == "/cookies/secure":
        return 302, {"Set-Cookie": "session=s-2; Path=/; Secure", "Location": "https://shop.example.org/cookies"}, {}
    if path == "/cookies/set":
        return 200, {"Set-Cookie": "session=s-1; Path=/; HttpOnly"}, {"set": True}
    if path == "/cookies/drop":
        return 200, {"Set-Cookie": "session=; Path=/; Expires=Thu, 01 Jan 1970 00:00:00 GMT"}, {}
    if path.startswith("/cookies/kind/"):
        return 200, {"Set-Cookie": COOKIES[path.rsplit("/", 1)[-1]]}, {}
    return 200, {}, {"cookie": asked.headers.get("cookie", "")}


COOKIES = {
    "path": "deep=1; Path=/cookies/deep",
    "age": "short=1; Max-Age=0; Path=/",
    "domain": "foreign=1; Domain=example.org; Path=/",
    "port": "kept=1; Max-Age=600; Path=/; SameSite=Lax",
    "quoted": 'q="a b"; Path=/',
    "many": "m=1=2; path=/; VERSION=1",
    "over": "kept=; Max-Age=-1; Path=/",
}


def packed(shop: Shop, asked: Asked) -> Answer:
    """The same JSON, as each encoding has it."""
    kind, text = urlsplit(asked.target).path.rsplit("/", 1)[-1], '{"packed": "grüße"}'.encode()
    if kind == "asked":
        kind = "br" if "br" in asked.headers.get("accept-encoding", "") else "gzip"
    made = {
        "packed": ("gzip", gzip.compress(text)),
        "gzip": ("gzip", gzip.compress(text)),
        "x-gzip": ("x-gzip", gzip.compress(text)),
        "deflate": ("deflate", zlib.compress(text)),
        "raw-deflate": ("deflate", zlib.compress(text, wbits=-15)),
        "br": ("br", bytes.fromhex("0b0a807b227061636b6564223a20226772c3bcc39f65227d03")),
        "empty": ("gzip", b""),
    }
    encoding, body = made[kind]
    return 200, {"Content-Encoding": encoding, "Content-Type": "application/json"}, body


def fixed(shop: Shop, asked: Asked) -> Answer:
    return {
        "/login": (200, {}, {"token": "t0ken-1", "user": {"id": 7, "roles": ["admin", "staff"]}}),
        "/text": (200, {"Content-Type": "text/plain; charset=utf-8"}, "grüße, world"),
        "/page": (200, {"Content-Type": "text/html"}, "<html><title>Shop</title></html>"),
        "/empty": (204, {}, None),
        "/moved": (302, {"Location": "/echo/here?from=moved"}, {}),
        "/moved/kept": (307, {"Location": "/echo/kept"}, {}),
        "/elsewhere": (302, {"Location": "http://127.0.0.1:9/elsewhere"}, {}),
        "/broken": (500, {}, {"error": "broken"}),
        "/slow": (200, {}, {"slow": True}),
        "/list": (200, {}, [{"id": n, "name": f"n{n}", "price": n * 1.5, "tags": ["a", "b"]} for n in range(1, 4)]),
        "/": (200, {}, {"shop": True}),
    }.get(urlsplit(asked.target).path, (404, {}, {"error": "no such page"}))


ROUTES: dict[str, Callable[[Shop, Asked], Answer]] = {
    "echo": echo,
    "items": items,
    "guarded": guarded,
    "cookies": cookies,
    "packed": packed,
}


def answered(shop: Shop, asked: Asked) -> Answer:
    if (planted := shop.planted.get(urlsplit(asked.target).path)) is not None:
        return planted
    first = urlsplit(asked.target).path.split("/")[1]
    if first == "status":
        return int(urlsplit(asked.target).path.split("/")[2]), {}, {"status": True}
    if asked.target == "/slow":
        time.sleep(0.05)
    return ROUTES.get(first, fixed)(shop, asked)


def as_bytes(content: object) -> bytes:
    if content is None or isinstance(content, bytes):
        return content or b""
    return (content if isinstance(content, str) else json.dumps(content)).encode()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # head and body are two writes, and the second would wait for the first
    shop: Shop

    def answer(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        asked = Asked(
            self.command, self.path, {key.lower(): ", ".join(self.headers.get_all(key)) for key in self.headers}, body
        )
        self.shop.asked.append(asked)
        status, headers, content = answered(self.shop, asked)
        text = as_bytes(content)
        self.send_response(status)
        for key, value in ({"Content-Type": "application/json"} | headers).items():
            self.send_header(key, value)
        if status != 204:
            self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(text)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = answer

    def log_message(self, *words: object) -> None:
        """Keeps the output of the tests clean."""


@contextmanager
def opened() -> Iterator[Shop]:
    """A shop of one's own, empty, on loopback."""
    shop = Shop()
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("Own", (Handler,), {"shop": shop}))
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    shop.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield shop
    finally:
        server.shutdown()
        server.server_close()
