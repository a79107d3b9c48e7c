"""What containers tell of a service: each as the engine lists it (State, Status, Image, ImageID, Labels). Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from slipway.engine import Running
from slipway.stack.model import Stack

STATES = {"running": "running", "restarting": "restarting"}


def services(stack: Stack, found: Mapping[str, list[dict]]) -> dict[str, Running]:
    """One answer per service: that of its worst container, and how many there are if that is not as wanted."""
    return {name: running_state(stack, name, list(group)) for name, group in found.items() if name in stack}


def app(stack: Stack, group: list[dict], colour: str) -> dict[str, Running]:
    """The app as the colour that serves shows it: it serves if any container runs; nothing where that has none."""
    if not group:
        return {}
    found = running_state(stack, "app", group)
    serve = sum(container["State"] == "running" for container in group)
    if 0 < serve < len(group):
        # One that has crashed takes nothing from the others: the next release starts beside them.
        found = replace(found, state="scaled", detail=f"{serve} of {len(group)} containers run: {found.detail}")
    return {"app": replace(found, detail=f"{colour} · {found.detail}")}


def running_state(stack: Stack, name: str, group: list[dict]) -> Running:
    worst = min(group, key=lambda container: container["State"] == "running")
    state = STATES.get(worst["State"], "stopped")
    count, wanted = len(group), stack[name].replicas
    if state == "running" and count != wanted:
        state = "scaled"
    detail = {"scaled": f"{count} containers instead of {wanted}", "stopped": worst["Status"]}.get(
        state, f"{worst['Image']} · {worst['Status']}"
    )
    # The engine shows an id where the name has gone over to another image: it was built anew, or pulled again. A release
    # of the app may be started by an id.
    renewed = name != "app" and worst["Image"] == worst["ImageID"]
    return Running(state, "" if renewed else worst["Labels"].get("slipway.config", ""), detail=detail)
