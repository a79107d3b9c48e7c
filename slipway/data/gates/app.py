"""The gate of the app."""

from __future__ import annotations

from slipway.data.endpoints import Emit, Endpoints, need
from slipway.data.gates import ready
from slipway.data.progress import teller
from slipway.system.wait import wait


def gate(ends: Endpoints, args: dict, emit: Emit) -> dict:
    """Waits until the app answers 200 on its ready path; {"gate", "ms", "tries", "url"}.

    `args["url"]` overrides APP_URL, `args["seconds"]` the deadline.

    Raises GateError at the deadline with the last answer and each dependency that the app itself calls broken.
    """
    base = args.get("url") or ends.app_url
    need(base, "APP_URL", "http://app:8000")
    url = base.rstrip("/") + "/" + (ends.app_ready_path or ends.app_health_path).lstrip("/")
    seconds, expected = args.get("seconds", ends.gate_timeout), f"200 from {url}"
    return wait("app", lambda: ready.ask(url), seconds, expected=expected, tell=teller(emit)) | {"url": url}
