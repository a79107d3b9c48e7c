"""The app's two colours: one serves, a release starts beside it as the other. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

COLOURS = ("blue", "green")


def other(colour: str) -> str:
    return COLOURS[1 - COLOURS.index(colour)]


def service(colour: str) -> str:
    return f"app-{colour}"


def find_serving(found: Mapping[str, Sequence[dict]], active: str) -> str:
    """The colour that serves: the gateway's, unless only the other one has containers."""
    there = [colour for colour in COLOURS if found.get(service(colour))]
    named = active or COLOURS[0]
    return there[0] if len(there) == 1 else named
