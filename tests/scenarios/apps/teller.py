"""An app that answers with the headers of the request, as JSON, or with the length of a body.

/own sets headers of its own; /stream answers in pieces for longer than a request may take to arrive; /die gives no answer,
and /status/500 that status.
"""

from __future__ import annotations

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PIECES = 6


class Teller(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        if self.path == "/die":
            self.close_connection = True
        elif self.path == "/stream":
            self.stream()
        else:
            self.tell({name.lower(): value for name, value in self.headers.items()})

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        if self.path == "/stream":
            self.stream()
        else:
            self.tell(len(body))

    def stream(self) -> None:
        self.send_response_only(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for _ in range(PIECES):
            self.wfile.write(b"1\r\nx\r\n")
            time.sleep(0.3)
        self.wfile.write(b"0\r\n\r\n")

    def tell(self, payload: object) -> None:
        body = json.dumps(payload).encode()
        self.send_response_only(int(self.path.rpartition("/")[2]) if self.path.startswith("/status/") else 200)
        self.send_header("Content-Length", str(len(body)))
        if self.path == "/own":
            self.send_header("X-Content-Type-Options", "own")
            self.send_header("Strict-Transport-Security", "max-age=1")
            self.send_header("Server", "own")
        self.end_headers()
        self.wfile.write(body)


ThreadingHTTPServer(("127.0.0.1", 8000), Teller).serve_forever()
