"""Maintenance: the gateway answers for the app, with 503 and a page, until it is told to stop.

The page is a file that the gateway looks for at each request (templates/gateway.json.j2): putting it there or taking it
away cuts no connection, and it outlasts a restart of the gateway.
"""

from __future__ import annotations

import html
import re

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.verb import Nothing
from slipway.errors import EngineError
from slipway.ops import gateway
from slipway.ops.interface import Message, Opened, Page

NAME = "maintenance.html"
SIGN = "X-Slipway-Maintenance"  # the header of the answer, as the gateway's configuration sets it
MESSAGE = "We are working on this service. It will be back in a few minutes."
LONGEST = 2000  # characters of a message
PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Maintenance</title>
<style>body {{ font: 1.1rem/1.6 system-ui, sans-serif; max-width: 34rem; margin: 18vh auto; padding: 0 1rem }}</style>
</head><body><h1>Maintenance</h1><p>{}</p></body></html>
"""


def on(ends: Endpoints, args: Message, emit: Emit) -> Page:
    """Puts the page before the app. A page that is there already is replaced.

    Health and ready path still reach the app. Raises EngineError where there is no gateway.
    """
    message = (args.message or MESSAGE).strip()[:LONGEST]
    refuse_without_gateway(ends)
    gateway.keep(ends, NAME, PAGE.format(html.escape(message)))
    return Page(True, message)


def off(ends: Endpoints, args: Nothing, emit: Emit) -> Opened:
    """Takes the page away."""
    refuse_without_gateway(ends)
    was_on = state(ends, args, emit).on
    gateway.keep(ends, NAME, None)
    return Opened(False, was_on)


def state(ends: Endpoints, args: Nothing, emit: Emit) -> Page:
    """Whether the page is up; without a gateway it never is."""
    try:
        page = (ends.gateway_dir / NAME).read_text(encoding="utf-8") if ends.gateway_dir else None
    except FileNotFoundError:
        page = None
    found = re.search("<p>(.*)</p>", page or "", re.DOTALL)
    return Page(page is not None, html.unescape(found[1]) if found else "")


def refuse_without_gateway(ends: Endpoints) -> None:
    if ends.gateway_dir is None:
        raise EngineError(
            "maintenance",
            "this stack has no gateway",
            "the docker engine, whose gateway can answer for the app",
            "./invoke down stops the app",
        )
