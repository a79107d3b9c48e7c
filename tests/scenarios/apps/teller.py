"""An app that answers with the headers of the request, as JSON; /own sets headers of its own."""

from __future__ import annotations

import json
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Teller(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.tell({name.lower(): value for name, value in self.headers.items()})

    def tell(self, payload: object) -> None:
        body = json.dumps(payload).encode()
        self.send_response_only(200)
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/own":
            self.send_header("X-Content-Type-Options", "own")
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", 8000), Teller).serve_forever()
