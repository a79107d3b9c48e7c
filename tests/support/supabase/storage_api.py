"""Supabase's storage API, as far as a mover of objects asks it, over the bytes of a project of the tests."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

from tests.support.supabase.source import Source

KEY = "sb_secret_of_the_tests_0123456789"


@contextmanager
def api(
    project: Source,
    spoil: Callable[[str, bytes], bytes | int] = lambda name, data: data,
    address: str = "127.0.0.1",
) -> Iterator[str]:
    """The storage API as far as a mover asks it, over the project's own files; `spoil` may change a body or refuse."""

    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            asked.append(self.path)
            name = unquote(urlsplit(self.path).path.removeprefix("/storage/v1/object/authenticated/"))
            found = next(
                (each for each in project.objects if f"{each.bucket}/{each.name}" == name and each.has_bytes), None
            )
            if self.headers["Authorization"] != f"Bearer {KEY}":
                return self.answer(403, b'{"statusCode":"403","error":"Unauthorized","message":"Unauthorized"}')
            if found is None:
                return self.answer(400, b'{"statusCode":"404","error":"not_found","message":"Object not found"}')
            made = spoil(name, b"".join(found.chunks()))
            return self.answer(made, b"{}") if isinstance(made, int) else self.answer(200, made)

        def answer(self, status: int, body: bytes) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            if status == 302:
                self.send_header("Location", f"http://localhost:{self.server.server_port}/storage/v1/elsewhere")
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer((address, 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://{address}:{server.server_port}"
        assert not [path for path in asked if "elsewhere" in path], "the key went where a redirect led"
    finally:
        server.shutdown()
        server.server_close()
