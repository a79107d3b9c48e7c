"""The gateway, by the volume that only ops and the gateway share: the switch is a file there, the counts come by socket.

The gateway looks for the file at each request (Caddy's `file` matcher), so a switch needs no new configuration: that
would close idle connections, and with them the requests just on their way. Counts and `POST /load`:
caddyserver.com/docs/api.
"""

from __future__ import annotations

import http.client
import json
import re
import socket
import time
from pathlib import Path

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.progress import progress
from slipway.data.verb import Nothing
from slipway.errors import EngineError, SettingsError
from slipway.ops.interface import Configuration, Drain, Drained, Gateway, Switch, Taken, Tally
from slipway.system import disk

COLOURS = ("blue", "green")
CONFIG, CLOSING = "gateway.json", "closing"  # what the gateway starts with; what makes each answer end its connection
ENDS = 3.0  # seconds in which connections in use are ended by an answer; one that rests longer is cut off by the reload
STARTS = 10.0  # seconds that a gateway may take until its admin side answers
# caddy_http_request_duration_seconds_count{code="200",handler="reverse_proxy",…} 12
ANSWERS = re.compile(r"caddy_http_request_duration_seconds_count\{([^}]*)\} (\S+)")
# Those among them that the gateway itself made, for want of one of the app.
OWN = re.compile(r"caddy_http_request_errors_total\{([^}]*)\} (\S+)")
PROXIED = 'handler="reverse_proxy"'
GONE = 'code="499"'  # the client went away: no failure of anybody here


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
    text = ask_admin(ends, method, path, body)
    return json.loads(text) if text.strip() else None


def ask_admin(ends: Endpoints, method: str, path: str, body: object = None) -> str:
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
        disk.sync_path(place.parent)
    else:
        disk.replace(place, text, 0o640)


def serving_colour(ends: Endpoints) -> str:
    """The colour that new requests go to, whether the gateway runs or not."""
    return "green" if (folder(ends) / "green").exists() else "blue"


def active(ends: Endpoints, args: Nothing, emit: Emit) -> Gateway:
    """What the gateway is, and whether it answers."""
    if ends.gateway_dir is None:
        return Gateway("", False, "no gateway", {})
    kept = configuration(ends)
    try:
        running = admin(ends, "GET", "/config/")
    except EngineError as error:
        return Gateway(serving_colour(ends), False, error.found, kept)
    # A reload that was cut short may have left the sign that ends connections.
    sure = kept == running and not (folder(ends) / CLOSING).exists()
    return Gateway(serving_colour(ends), True, "", kept if sure else {})


def configuration(ends: Endpoints) -> dict:
    """What the gateway starts with; empty where it was told nothing yet."""
    try:
        return json.loads((folder(ends) / CONFIG).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}


def configure(ends: Endpoints, args: Configuration, emit: Emit) -> Nothing:
    """Keeps the configuration for a gateway that is about to be started."""
    keep(ends, CONFIG, json.dumps(args.config, indent=1))
    return Nothing()


def reload(ends: Endpoints, args: Configuration, emit: Emit) -> Taken:
    """Has a gateway that runs take the configuration, on the ports it has, and keeps it.

    Raises EngineError, and all stays as it was, when the gateway refuses it.
    """
    wake(ends)
    if active(ends, Nothing(), emit).config == args.config:
        return Taken(0)
    keep(ends, CLOSING, "1\n")
    try:
        time.sleep(ENDS)
        begun = time.monotonic()
        admin(ends, "POST", "/load", args.config)
        taken = time.monotonic() - begun
    finally:
        keep(ends, CLOSING, None)
    configure(ends, args, emit)
    return Taken(round(taken * 1000, 1))


def switch(ends: Endpoints, args: Switch, emit: Emit) -> Taken:
    """Sends every new request to a colour, at once and past any restart; what is in flight goes on."""
    if args.to not in COLOURS:
        raise SettingsError("colour", args.to, " or ".join(COLOURS), "./invoke status")
    begun = time.monotonic()
    keep(ends, "green", "serves\n" if args.to == "green" else None)
    return Taken(round((time.monotonic() - begun) * 1000, 1))


def drain(ends: Endpoints, args: Drain, emit: Emit) -> Drained:
    """Waits until a colour has no request in flight."""
    begun = time.monotonic()
    wake(ends)
    while (left := in_flight(ends, args.from_)) and time.monotonic() - begun < args.timeout:
        progress(emit, f"{left} requests in flight on {args.from_}", 0, 0, "requests")
        time.sleep(0.05)
    return Drained(round(time.monotonic() - begun, 3), left)


def wake(ends: Endpoints) -> None:
    """Waits for a gateway that is just being started, or restarted by its engine. Raises EngineError after that time."""
    begun = time.monotonic()
    while True:
        try:
            counts(ends)
            return
        except EngineError:
            if time.monotonic() - begun > STARTS:
                raise
            time.sleep(0.05)


def in_flight(ends: Endpoints, colour: str) -> int:
    return sum(each["num_requests"] for each in counts(ends) if each["address"].startswith(f"app-{colour}:"))


def counts(ends: Endpoints) -> list[dict]:
    """{"address", "num_requests", "fails"} of each colour."""
    return admin(ends, "GET", "/reverse_proxy/upstreams") or []


def tally(ends: Endpoints, args: Nothing, emit: Emit) -> Tally:
    """Counts what the app has answered through this gateway, and what it left to the gateway to answer.

    A gateway that is just being restarted is waited for: it says nothing against the app.
    """
    wake(ends)
    text = ask_admin(ends, "GET", "/metrics")
    answers = [(labels, int(float(value))) for labels, value in ANSWERS.findall(text) if PROXIED in labels]
    own = sum(int(float(value)) for labels, value in OWN.findall(text) if PROXIED in labels)
    gone = sum(number for labels, number in answers if GONE in labels)
    failed = sum(number for labels, number in answers if 'code="5' in labels)
    unanswered = min(max(0, own - gone), failed)
    return Tally(sum(number for _, number in answers) - unanswered - gone, failed - unanswered, unanswered)
