"""An image registry on loopback that speaks the distribution API as far as a lookup of digests goes, token included."""

from __future__ import annotations

import hashlib
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

INDEX = "application/vnd.oci.image.index.v1+json"


@contextmanager
def serving(images: Mapping[str, bytes], private: bool = True, tells_digest: bool = True) -> Iterator[str]:
    """Host and port; `images` are manifests by `repository:tag`. `private`: pulled with a token that anybody gets."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_HEAD(self) -> None:
            self.do_GET()

        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            if asked.path == "/token":
                scope = parse_qs(asked.query)["scope"][0]
                return self.answer(200, json.dumps({"token": f"for {scope}"}).encode())
            repository, _, tag = asked.path.removeprefix("/v2/").rpartition("/manifests/")
            scope = f"repository:{repository}:pull"
            if private and self.headers.get("Authorization") != f"Bearer for {scope}":
                realm = f"http://{self.headers['Host']}/token"
                challenge = f'Bearer realm="{realm}",service="registry",scope="{scope}"'
                return self.answer(401, b"{}", {"WWW-Authenticate": challenge})
            manifest = images.get(f"{repository}:{tag}")
            if manifest is None or INDEX not in self.headers.get("Accept", ""):
                return self.answer(404, b'{"errors": [{"code": "MANIFEST_UNKNOWN"}]}')
            told = {"Docker-Content-Digest": digest_of(manifest)} if tells_digest else {}
            self.answer(200, manifest, {"Content-Type": INDEX, **told})

        def answer(self, status: int, body: bytes, headers: Mapping[str, str] | None = None) -> None:
            self.send_response(status)
            for name, value in {**(headers or {}), "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        def log_message(self, *words: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def digest_of(manifest: bytes) -> str:
    return f"sha256:{hashlib.sha256(manifest).hexdigest()}"
