"""What stands in the place of Dokploy's Traefik: leads a connection by its Host to the container whose labels claim it.

It takes labels for what they say, follows the engine with a delay, and hands bytes through both ways. A process of its own:
`python -m tests.support.dokploy.proxy ADDRESS`, until its standard input ends.
"""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass

from tests.support.containers import ROOT

NETWORK, OURS = "dokploy-network", "slipway.tests"
BEHIND = 0.5  # seconds by which it is behind the engine
RULE = re.compile(r"traefik\.http\.routers\.(.+)\.rule")
NOWHERE = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

Routes = dict[str, tuple[str, int]]


@dataclass(frozen=True)
class Proxy:
    port: int


@contextmanager
def proxied(address: str) -> Iterator[Proxy]:
    """A proxy on a port of an address of loopback, and the network that all stacks with a domain share."""
    # It stays until the whole run ends: a stack of another worker may be about to join it.
    subprocess.run(["docker", "network", "create", "--attachable", "--label", OURS, NETWORK], capture_output=True)
    words = [sys.executable, "-m", __name__, address]
    with subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield Proxy(int(process.stdout.readline()))
        finally:
            process.stdin.close()


async def serve(address: str) -> None:
    routes: Routes = {}

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError, asyncio.IncompleteReadError):
            head = await reader.readuntil(b"\r\n\r\n")
            if target := routes.get(host_of(head)):
                there = await asyncio.open_connection(*target)
                there[1].write(head)
                await asyncio.gather(pour(reader, there[1]), pour(there[0], writer))
            else:
                writer.write(NOWHERE)
        writer.close()

    server = await asyncio.start_server(answer, address, 0, backlog=512)
    print(server.sockets[0].getsockname()[1], flush=True)
    looking = asyncio.create_task(look(routes))
    await asyncio.to_thread(sys.stdin.read)
    looking.cancel()


async def look(routes: Routes) -> None:
    while True:
        found = dict(await asyncio.to_thread(lambda: list(seen())))
        routes.clear()
        routes.update(found)
        await asyncio.sleep(BEHIND)


async def pour(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while part := await reader.read(65536):
            writer.write(part)
            await writer.drain()
    writer.close()


def host_of(head: bytes) -> str:
    found = re.search(rb"(?im)^host:\s*([^\s:]+)", head)
    return found[1].decode() if found else ""


def seen() -> Iterator[tuple[str, tuple[str, int]]]:
    """(host, (address, port)) of every running container that has labels of Traefik."""
    listed = docker("ps", "--quiet", "--filter", "label=traefik.enable=true").split()
    for each in json.loads(docker("inspect", *listed) or "[]") if listed else ():
        labels, networks = each["Config"]["Labels"], each["NetworkSettings"]["Networks"]
        address = networks.get(NETWORK, {}).get("IPAddress")
        for key, rule in labels.items():
            name, host = RULE.fullmatch(key), re.search(r"Host\(`([^`]+)`\)", rule)
            port = labels.get(f"traefik.http.services.{name[1]}.loadbalancer.server.port") if name else None
            if address and host and port:
                yield host[1], (address, int(port))


def forget_network() -> None:
    """Removes the network if tests made it and nothing is on it."""
    if docker("network", "ls", "--quiet", "--filter", f"label={OURS}"):
        docker("network", "rm", NETWORK)


def docker(*words: str) -> str:
    return subprocess.run(["docker", *words], text=True, capture_output=True).stdout


if __name__ == "__main__":
    asyncio.run(serve(sys.argv[1]))
