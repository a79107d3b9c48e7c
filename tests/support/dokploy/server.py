"""A Dokploy server for tests: its REST surface over a real socket, its traps, and faults on the way at will."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from tests.support.dokploy import contract, effects
from tests.support.dokploy.contract import ApiError, Version
from tests.support.dokploy.deploying import Worker
from tests.support.dokploy.engines import Engine, Memory
from tests.support.dokploy.procedures import HANDLERS
from tests.support.dokploy.state import Key, State


@dataclass
class Fault:
    """What happens to the next request for a procedure, or for any if it is empty.

    before: cut, and the server has not heard; after: carried out, then cut; half: half of the answer, then cut;
    answer: a status, a body and headers in the place of the server's.
    """

    kind: str
    procedure: str = ""
    status: int = 200
    body: str = ""
    headers: dict[str, str] = field(default_factory=dict)


class Server:
    """A Dokploy that listens. `state` is what it knows, `requests` what it was asked, `faults` what shall happen."""

    def __init__(self, folder: Path, engine: Engine | None = None, version: Version = (0, 30, 2)):
        self.state = State(folder, engine or Memory(), version)
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.faults: list[Fault] = []
        self.port = 0
        self.listen()
        self.state.worker = self.worker = Worker(self.state)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def key(self, limit: int | None = None, may_write: bool = True) -> str:
        """A new API key; `limit` is 10 where whoever made it over the API left rateLimitEnabled out."""
        text = f"key_{len(self.state.keys)}_{id(self):x}"
        self.state.keys[text] = Key(limit, may_write=may_write)
        return text

    def listen(self) -> None:
        self.http = Http(("127.0.0.1", self.port), self)
        self.port = self.http.server_address[1]
        threading.Thread(target=self.http.serve_forever, args=(0.02,), daemon=True).start()

    def close(self) -> None:
        self.http.shutdown()
        self.http.server_close()
        self.http.cut()
        self.worker.kill()

    @contextmanager
    def away(self) -> Iterator[None]:
        """Killed, and started again at the end: what ran is called cancelled, what waited is forgotten, and the
        docker command that ran goes on by itself.
        """
        self.close()
        try:
            yield
        finally:
            with self.state.lock:
                for each in self.state.deployments.values():
                    if each["status"] == "running":
                        each["status"] = "cancelled"
                for each in self.state.composes.values():
                    if each["composeStatus"] == "running":
                        each["composeStatus"] = "idle"
                self.state.jobs_made = 0
            orphans = self.worker.processes
            self.state.worker = self.worker = Worker(self.state)
            self.worker.processes = orphans
            self.listen()

    def restart(self) -> None:
        with self.away():
            pass

    def strike(self, schedule: str) -> None:
        """The clock: the time of a schedule has come."""
        (found,) = [key for key, each in self.state.schedules.items() if each["name"] == schedule and each["enabled"]]
        effects.run_schedule(self.state, {"scheduleId": found})

    def runs(self, schedule: str) -> list[dict[str, Any]]:
        """The records of a schedule's runs, newest first."""
        (found,) = [key for key, each in self.state.schedules.items() if each["name"] == schedule]
        return self.state.records("scheduleId", found)

    def fault_for(self, procedure: str) -> Fault | None:
        with self.state.lock:
            found = next((each for each in self.faults if each.procedure in ("", procedure)), None)
            if found:
                self.faults.remove(found)
            return found

    def carry_out(self, method: str, name: str, given: dict[str, Any]) -> Any:
        """What the API answers. Raises ApiError."""
        with self.state.lock:
            self.requests.append((name, given))
            fields = contract.accept(self.state.version, method, name, given)
            if name not in effects.LONG:
                return HANDLERS[name](self.state, fields)
        return HANDLERS[name](self.state, fields)


@contextmanager
def served(folder: Path, engine: Engine | None = None, version: Version = (0, 30, 2)) -> Iterator[Server]:
    server = Server(folder, engine, version)
    try:
        yield server
    finally:
        server.close()
        server.worker.end_orphans()


class Http(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64

    def __init__(self, address: tuple[str, int], dokploy: Server):
        self.dokploy = dokploy
        self.open: set[socket.socket] = set()
        super().__init__(address, Handler)

    def process_request(self, request: socket.socket, client_address: Any) -> None:
        self.open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: socket.socket) -> None:
        self.open.discard(request)
        super().shutdown_request(request)

    def cut(self) -> None:
        for each in tuple(self.open):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Http

    def log_message(self, *words: Any) -> None:
        """Nothing: the requests are remembered."""

    def do_GET(self) -> None:
        self.answer_to("GET")

    def do_POST(self) -> None:
        self.answer_to("POST")

    def answer_to(self, method: str) -> None:
        dokploy, parts = self.server.dokploy, urlsplit(self.path)
        name = parts.path.removeprefix("/api/")
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        given = dict(parse_qsl(parts.query, keep_blank_values=True)) if method == "GET" else json.loads(body or b"{}")
        fault = dokploy.fault_for(name)
        if fault and fault.kind == "before":
            return self.hang_up()
        if fault and fault.kind == "answer":
            return self.say(fault.status, fault.body.encode(), fault.headers)
        status, text = self.outcome(method, name, given)
        if fault and fault.kind == "after":
            return self.hang_up()
        self.say(status, text, {}, half=bool(fault))

    def outcome(self, method: str, name: str, given: dict[str, Any]) -> tuple[int, bytes]:
        dokploy = self.server.dokploy
        if name == "health":
            return 200, b'{"ok":true}'
        key = dokploy.state.keys.get(self.headers.get("x-api-key", ""))
        if not key or not key.verify():
            return 401, b'{"message":"Unauthorized"}'  # never 429
        try:
            if method == "POST" and not key.may_write:
                raise ApiError(401, "UNAUTHORIZED", "You are not authorized to access this resource")
            value = dokploy.carry_out(method, name, given)
            with dokploy.state.lock:
                return 200, b"" if value is None else json.dumps(value).encode()
        except ApiError as error:
            return error.status, json.dumps(error.body(name)).encode()

    def say(self, status: int, body: bytes, headers: dict[str, str], half: bool = False) -> None:
        self.send_response(status)
        for name, value in ({"Content-Type": "application/json", "Content-Length": str(len(body))} | headers).items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body[: len(body) // 2] if half else body)
        if half:
            self.hang_up()

    def hang_up(self) -> None:
        self.close_connection = True
        with suppress(OSError):
            self.connection.shutdown(socket.SHUT_RDWR)
