"""Is this release ready? Each of its containers is asked directly, often, until all answer 200."""

from __future__ import annotations

import socket

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.gates import ready
from slipway.data.gates.interface import Probe
from slipway.data.progress import progress
from slipway.system.wait import NotYet, Opened, wait

INTERVAL = 0.05


def app(ends: Endpoints, args: Probe, emit: Emit) -> Opened:
    """Waits until each address answers 200 on the ready path.

    Raises GateError with the last answer, and each dependency that the app calls broken.
    """
    path = "/" + (ends.app_ready_path or ends.app_health_path).lstrip("/")
    return wait(
        "app",
        lambda: ask_all(args, path),
        args.timeout,
        INTERVAL,
        expected=f"200 from {path}",
        tell=lambda text: progress(emit, text, 0, 0, "tries"),
    )


def ask_all(args: Probe, path: str) -> None:
    """Names are looked up at every try: a container that was restarted may have another address."""
    found = addresses(args.host)
    if len(found) < args.count:
        raise NotYet(f"{len(found)} of {args.count} containers run")
    for address in found:
        ready.ask(f"http://{address}:{args.port}{path}", args.site)


def addresses(host: str) -> list[str]:
    try:
        return sorted({entry[4][0] for entry in socket.getaddrinfo(host, None, socket.AF_INET, socket.SOCK_STREAM)})
    except socket.gaierror:
        return []
