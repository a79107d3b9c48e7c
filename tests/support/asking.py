"""The data side as the wire has it: a verb by its name, plain data in, plain data out."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import fields

from slipway.data.endpoints import Emit
from slipway.ops import verbs

NAMELESS = ("by", "release")  # who did it, and with which release: most tests do not care


def ask(verb: str, args: Mapping | None, env: Mapping[str, str], emit: Emit) -> dict:
    return verbs.run(verb, whole(verb, args), env, emit)


def argv(verb: str, args: Mapping | None = None) -> list[str]:
    """The command that asks it in a process of its own."""
    return [sys.executable, "-m", "slipway.ops", verb, json.dumps(whole(verb, args))]


def whole(verb: str, args: Mapping | None) -> dict:
    known = {field.name for field in fields(verbs.find(verb).takes)} if verb in verbs.VERBS else set()
    return {name: "" for name in NAMELESS if name in known} | dict(args or {})
