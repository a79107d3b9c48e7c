"""What stands in the place of Dokploy's Traefik: leads a connection by its Host to the container whose labels claim it.

It takes labels for what they say, follows the engine with a delay, and hands bytes through both ways.
"""

from __future__ import annotations

import json
import re
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

NETWORK = "dokploy-network"
FRESH = 0.5  # seconds for which what was seen of the engine is believed
RULE = re.compile(r"traefik\.http\.routers\.(.+)\.rule")


class Proxy:
    """Listens on a port of loopback."""

    def __init__(self) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        self.port = self.listener.getsockname()[1]
        self.seen, self.routes = 0.0, {}
        self.lock = threading.Lock()
        threading.Thread(target=self.accept, daemon=True).start()

    def accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self.listener.accept()
                threading.Thread(target=self.serve, args=(client,), daemon=True).start()

    def serve(self, client: socket.socket) -> None:
        with client, suppress(OSError):
            head = read_head(client)
            target = self.target(host_of(head)) if head else None
            if not target:
                client.sendall(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
                return
            with socket.create_connection(target, timeout=30) as server:
                server.settimeout(None)
                server.sendall(head)
                back = threading.Thread(target=pour, args=(server, client), daemon=True)
                back.start()
                pour(client, server)
                back.join()

    def target(self, host: str) -> tuple[str, int] | None:
        with self.lock:
            if time.monotonic() - self.seen > FRESH:
                self.routes, self.seen = dict(routes()), time.monotonic()
            return self.routes.get(host)

    def close(self) -> None:
        self.listener.close()


def read_head(client: socket.socket) -> bytes:
    head = b""
    while b"\r\n\r\n" not in head:
        part = client.recv(65536)
        if not part:
            return b""
        head += part
    return head


def host_of(head: bytes) -> str:
    found = re.search(rb"(?im)^host:\s*([^\s:]+)", head)
    return found[1].decode() if found else ""


def pour(one: socket.socket, other: socket.socket) -> None:
    with suppress(OSError):
        while part := one.recv(65536):
            other.sendall(part)
    # No half-closed connections: whoever ends his side ends both, as a client of HTTP means it.
    for each in (one, other):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR if each is other else socket.SHUT_RD)


def routes() -> Iterator[tuple[str, tuple[str, int]]]:
    """(host, (address, port)) of every running container that has labels of Traefik."""
    listed = docker("ps", "--quiet", "--filter", "label=traefik.enable=true").split()
    for each in json.loads(docker("inspect", *listed)) if listed else ():
        labels, networks = each["Config"]["Labels"], each["NetworkSettings"]["Networks"]
        address = networks.get(NETWORK, {}).get("IPAddress")
        for key, rule in labels.items():
            name, host = RULE.fullmatch(key), re.search(r"Host\(`([^`]+)`\)", rule)
            port = labels.get(f"traefik.http.services.{name[1]}.loadbalancer.server.port") if name else None
            if address and host and port:
                yield host[1], (address, int(port))


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], text=True, capture_output=True).stdout


@contextmanager
def proxied() -> Iterator[Proxy]:
    """A proxy, and the network that all stacks with a domain share."""
    subprocess.run(["docker", "network", "create", "--attachable", NETWORK], capture_output=True)
    proxy = Proxy()
    try:
        yield proxy
    finally:
        proxy.close()
