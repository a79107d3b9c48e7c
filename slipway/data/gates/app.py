"""The gate of the app."""

from __future__ import annotations

from slipway.data.endpoints import Emit, Endpoints, need
from slipway.data.gates import ready
from slipway.data.gates.interface import AppOpened, Ready
from slipway.data.progress import teller
from slipway.system.wait import wait


def gate(ends: Endpoints, args: Ready, emit: Emit) -> AppOpened:
    """Waits until the app answers 200 on its ready path.

    Raises GateError at the deadline with the last answer and each dependency that the app itself calls broken.
    """
    base = args.url or ends.app_url
    need(base, "APP_URL", "http://app:8000")
    url = base.rstrip("/") + "/" + (ends.app_ready_path or ends.app_health_path).lstrip("/")
    seconds = ends.gate_timeout if args.seconds is None else args.seconds
    opened = wait("app", lambda: ready.ask(url, args.site), seconds, expected=f"200 from {url}", tell=teller(emit))
    return AppOpened(opened.gate, opened.ms, opened.tries, url)
