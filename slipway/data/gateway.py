"""The gateway, by the volume that only ops and the gateway share: the switch is a file there, the counts come by socket.

The gateway looks for the file at each request (Caddy's `file` matcher), so a switch needs no new configuration: that
would close idle connections, and with them the requests just on their way. Counts: caddyserver.com/docs/api.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import socket
import tempfile
import time
from pathlib import Path

from slipway.data.commands import progress
from slipway.data.endpoints import Emit, Endpoints
from slipway.errors import EngineError, SettingsError

COLOURS = ("blue", "green")
# caddy_http_request_duration_seconds_count{code="200",handler="reverse_proxy",…} 12
ANSWERS = re.compile(r"caddy_http_request_duration_seconds_count\{([^}]*)\} (\S+)")


class NotThere(EngineError):
    """The gateway answers, and has nothing under that path."""


class Unix(http.client.HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path, timeout: float):
        super().__init__("gateway", timeout=timeout)
        self.path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.sock.settimeout(self.timeout)
        self.sock.connect(str(self.path))


def admin(ends: Endpoints, method: str, path: str, body: object = None) -> object:
    """What the gateway's admin side answers, as JSON, or None. Raises EngineError; NotThere where there is no such path."""
    text = asked(ends, method, path, body)
    return json.loads(text) if text.strip() else None


def asked(ends: Endpoints, method: str, path: str, body: object = None) -> str:
    connection = Unix(folder(ends) / "admin.sock", timeout=10)
    try:
        connection.request(
            method, path, None if body is None else json.dumps(body), {"Content-Type": "application/json"}
        )
        answer = connection.getresponse()
        text = answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        raise EngineError(
            "gateway", f"its admin side does not answer: {error}", "a gateway that runs", "./invoke logs -s gateway"
        ) from None
    finally:
        connection.close()
    if answer.status == 200:
        return text
    # An unknown @id is a 404, or a 400 in older versions, or null.
    kind = NotThere if answer.status == 404 or "unknown object ID" in text else EngineError
    raise kind(
        "gateway",
        f"{method} {path}: {answer.status} {' '.join(text.split())[:300]}",
        "a change that it takes",
        "./invoke logs -s gateway",
    )


def folder(ends: Endpoints) -> Path:
    if ends.gateway_dir is None:
        raise SettingsError("gateway", "this engine runs none", "a Docker engine", "ENGINE=docker in .env")
    return ends.gateway_dir


def keep(ends: Endpoints, name: str, text: str | None) -> None:
    """A file that the gateway reads when it starts: whole or not at all; None removes it."""
    place = folder(ends) / name
    if text is None:
        place.unlink(missing_ok=True)
        settle(place.parent)
        return
    handle, temporary = tempfile.mkstemp(dir=place.parent, prefix=f".{name}.")
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.chmod(temporary, 0o640)
    os.replace(temporary, place)
    settle(place.parent)


def settle(directory: Path) -> None:
    """A name that came or went must survive a power cut as well."""
    handle = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def serving(ends: Endpoints) -> str:
    """The colour that new requests go to, whether the gateway runs or not."""
    return "green" if (folder(ends) / "green").exists() else "blue"


def active(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """{"active": the colour that new requests go to, "up": whether the gateway answers, "reason"}."""
    if ends.gateway_dir is None:
        return {"active": "", "up": False, "reason": "no gateway"}
    try:
        counts(ends)
    except EngineError as error:
        return {"active": serving(ends), "up": False, "reason": error.found}
    return {"active": serving(ends), "up": True, "reason": ""}


def switch(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """Sends every new request to colour `to`, at once and past any restart; what is in flight goes on. {"ms"}."""
    if args["to"] not in COLOURS:
        raise SettingsError("colour", str(args["to"]), " or ".join(COLOURS), "./invoke status")
    begun = time.monotonic()
    keep(ends, "green", "serves\n" if args["to"] == "green" else None)
    return {"ms": round((time.monotonic() - begun) * 1000, 1)}


def drain(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """Waits until colour `from` has no request in flight, `timeout` seconds at most.

    Returns {"seconds", "left": requests that were still in flight at the deadline}.
    """
    begun = time.monotonic()
    while (left := in_flight(ends, args["from"])) and time.monotonic() - begun < args["timeout"]:
        progress(emit, f"{left} requests in flight on {args['from']}", 0, 0, "requests")
        time.sleep(0.05)
    return {"seconds": round(time.monotonic() - begun, 3), "left": left}


def in_flight(ends: Endpoints, colour: str) -> int:
    return sum(each["num_requests"] for each in counts(ends) if each["address"].startswith(f"app-{colour}:"))


def counts(ends: Endpoints) -> list[dict]:
    """{"address", "num_requests", "fails"} of each colour."""
    return admin(ends, "GET", "/reverse_proxy/upstreams") or []


def tally(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """{"answers", "failed"}: what the app has answered through this gateway so far, and how many of those were 5xx."""
    counts = {"answers": 0, "failed": 0}
    for labels, value in ANSWERS.findall(asked(ends, "GET", "/metrics")):
        if 'handler="reverse_proxy"' in labels:
            counts["answers"] += int(float(value))
            counts["failed"] += int(float(value)) if 'code="5' in labels else 0
    return counts
