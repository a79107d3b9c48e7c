"""A command of one's own, as Dokploy takes it: what stands after `docker `, and parts chained by &&."""

from __future__ import annotations

import re

from slipway.stack.dokploy.rules import Findings, Found
from slipway.stack.dokploy.yaml_nodes import Place

# What Dokploy looks for once it has cut off the blanks around a command (builders/compose.ts, sanitizeCommand).
REFUSED = re.compile(r"[;|`$(){}<>\n\\]|(?<!&)&(?!&)|&&&+")
CHAIN = "&&"
PREFIXES = ("docker compose ", "docker-compose ")
# From when on a command is looked at, and from when on it may be chained again.
GUARDED, CHAINED = (0, 29, 13), (0, 30, 0)


def check_command(command: str, version: tuple[int, ...]) -> Findings:
    """What a version of Dokploy refuses in a command; its places are columns of the first line."""
    start = len(command) - len(command.lstrip())
    if command.strip().split(" ")[0] == "docker":
        yield Found(Place(1, start + 1), "command-start", "docker at its start would be there twice")
    if version < GUARDED:
        return
    for found in REFUSED.finditer(command.rstrip(), start):
        yield Found(Place(1, found.start() + 1), "command-character", f"{found[0]!r} in the command")
    first, *parts = command.split(CHAIN)
    column = len(first) + 1
    if parts and version < CHAINED:
        yield Found(Place(1, column), "command-version", f"&& on Dokploy {'.'.join(map(str, version))}")
    for part in parts:
        if not part.strip().startswith(PREFIXES):
            yield Found(Place(1, column), "command-part", f"the part starts with {part.strip().split(' ')[0]!r}")
        column += len(CHAIN) + len(part)
