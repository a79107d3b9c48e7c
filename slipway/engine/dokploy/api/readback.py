"""Read what was written: a version drops silently what it does not know."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from slipway.engine.dokploy.api.failures import Stripped
from slipway.engine.dokploy.api.meanings import at
from slipway.engine.dokploy.api.versions import UPGRADE


def lost(wanted: Mapping[str, Any], kept: Mapping[str, Any]) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """The fields that the server has not, and those that it has with another value. Pure."""
    unknown = tuple(sorted(name for name in wanted if name not in kept))
    other = tuple(sorted(name for name in wanted if name in kept and kept[name] != wanted[name]))
    return unknown, other


def check(procedure: str, wanted: Mapping[str, Any], kept: Mapping[str, Any], version: object) -> None:
    """Raises Stripped, which names the fields and never their values: they hold secrets."""
    unknown, other = lost(wanted, kept)
    if not unknown and not other:
        return
    parts = [f"{', '.join(unknown)} not known to it"] if unknown else []
    parts += [f"{', '.join(other)} kept otherwise"] if other else []
    raise Stripped(
        at(procedure),
        (*unknown, *other),
        f"written to version {version} and read back: {'; '.join(parts)}",
        "what was written",
        f"{UPGRADE}; or somebody changed it at the same moment: type the same command again",
    )
