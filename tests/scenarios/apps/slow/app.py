"""An app to deploy: slow to boot, with a path that takes two seconds, and faults that it can be told to have.

BOOT_SECONDS (2) until it listens; VERSION is what /version answers; FAULT is one of crash-at-start, never-ready,
crash-later (after CRASH_AFTER seconds of listening), ignore-sigterm, answer-500, tell-all (its environment, as it
crashes at start).
"""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time

import answers

FAULT = os.environ.get("FAULT", "")
VERSION = os.environ.get("VERSION", "v1")
BOOT_SECONDS = float(os.environ.get("BOOT_SECONDS", "2"))
CRASH_AFTER = float(os.environ.get("CRASH_AFTER", "5"))
SLOW_SECONDS = 2.0


class App:
    """The connections that are open, those that wait for an answer, and whether the end was asked for."""

    def __init__(self) -> None:
        self.ending = asyncio.Event()
        self.idle: set[asyncio.StreamWriter] = set()
        self.busy = 0

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while await self.one(reader, writer):
                pass
        except ConnectionError as error:
            print(f"client went away: {error}", file=sys.stderr)
        finally:
            self.idle.discard(writer)
            writer.close()

    async def one(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        """Answers one request; whether the connection stays open after it."""
        self.idle.add(writer)
        request = await answers.read(reader)
        self.idle.discard(writer)
        if request is None:
            return False
        if request.upgrade:
            await self.hold(reader, writer, request.upgrade)
            return False
        self.busy += 1
        try:
            status, payload = await answer(request)
            lasting = request.lasting and not self.ending.is_set()
            writer.write(answers.rendered(request.method, status, payload, lasting))
            await writer.drain()
            return lasting
        finally:
            self.busy -= 1

    async def hold(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, protocol: str) -> None:
        """Goes on as a websocket would: each line comes back with the version, until one side ends it."""
        writer.write(answers.switched(protocol))
        # Ended with the app, as what is idle is: nobody waits for a client that may stay for days.
        self.idle.add(writer)
        while line := await reader.readline():
            writer.write(VERSION.encode() + b" " + line)
            await writer.drain()


async def answer(request: answers.Request) -> tuple[int, object]:
    if FAULT == "answer-500" and request.path not in ("/ready", "/health"):
        return 500, {"error": "told to fail"}
    match request.path:
        case "/ready":
            ready = FAULT != "never-ready"
            return (200 if ready else 503), {"ready": ready, "version": VERSION}
        case "/health":
            return 200, {"status": "alive"}
        case "/version":
            return 200, {"version": VERSION}
        case "/echo":
            return 200, {"version": VERSION, "length": len(request.body)}
        case "/slow":
            await asyncio.sleep(SLOW_SECONDS)
            return 200, {"version": VERSION}
    return 404, {"error": f"no {request.path}"}


async def crash_later() -> None:
    await asyncio.sleep(CRASH_AFTER)
    print("told to crash", file=sys.stderr, flush=True)
    os._exit(1)


async def main() -> None:
    app, loop = App(), asyncio.get_running_loop()
    if FAULT == "ignore-sigterm":
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    else:
        loop.add_signal_handler(signal.SIGTERM, app.ending.set)
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "8000"))
    server = await asyncio.start_server(app.serve, host, port, backlog=512)
    print(f"{VERSION} listens", flush=True)
    crashing = asyncio.create_task(crash_later()) if FAULT == "crash-later" else None
    await app.ending.wait()
    server.close()
    for writer in tuple(app.idle):
        writer.close()
    while app.busy:
        await asyncio.sleep(0.02)
    if crashing:
        crashing.cancel()
    print(f"{VERSION} stopped", flush=True)


if __name__ == "__main__":
    if FAULT == "crash-at-start":
        sys.exit("told to crash at start")
    if FAULT == "tell-all":
        print(dict(os.environ), json.dumps(dict(os.environ)), sep="\n", file=sys.stderr)
        sys.exit(f"cannot connect: {os.environ['DATABASE_URL']} refused {os.environ['QUOTED_SECRET']}")
    time.sleep(BOOT_SECONDS)
    asyncio.run(main())
