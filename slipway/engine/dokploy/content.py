"""What the server is given of a stack: what runs, and what starts now; nothing ahead of its time. Pure.

So a Deploy from Dokploy's own page, whenever somebody presses it, finds nothing to change.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from slipway.stack import references

OWNERS = "owners"  # gives volumes to who works in them, and ends: those who need that wait for it
# The order is ours, and a store that is stopped on purpose is not in the file.
NEEDS = re.compile(r"(?m)^    depends_on:\n(?:      .*\n)+")
BUILD = re.compile(r"(?m)^    build:\n(?:      .*\n)+")  # there is no tree on the server
IMAGE = re.compile(r"(?m)^    image: .*\n")


@dataclass(frozen=True)
class Part:
    """What is wanted of a stack: the rendered file, what its references stand for, and the services that start now.

    `stay` are those that run and go on as they are; `front` is the one that has the domain.
    """

    rendered: str
    values: Mapping[str, str]
    start: Collection[str]
    stay: Collection[str]
    front: str


def compose_file(part: Part, kept: str) -> str:
    """The file: sections of what starts as they are rendered, of what stays as `kept` has them, and no others.

    The service with the domain is always there, for Dokploy deploys no file without it; at scale 0 while it has to wait.
    """
    new, old = references.sections(part.rendered), sections(kept)
    chosen = {OWNERS: new[OWNERS]} if OWNERS in new else {}
    for name in new:
        if name in part.start:
            chosen[name] = driven(new[name])
        elif name in part.stay:
            chosen[name] = old.get(name, driven(new[name]))
    if part.front in new and part.front not in chosen:
        chosen[part.front] = "\n" + IMAGE.findall(new[part.front])[0] + "    scale: 0\n\n"
    head, tail = part.rendered.split("\nservices:\n", 1)[0], part.rendered.split("\nnetworks:\n", 1)[1]
    body = "".join(f"  {name}:{text}" for name, text in chosen.items())
    return f"{head}\nservices:\n{body}\nnetworks:\n{tail}"


def driven(section: str) -> str:
    """A section without what is for those who are not driven from outside."""
    return BUILD.sub("", NEEDS.sub("", section))


def sections(file: str) -> dict[str, str]:
    """The sections of a file of ours; none of one that somebody else wrote."""
    try:
        return references.sections(file)
    except (IndexError, ValueError):
        return {}


def environment(part: Part, file: str, kept: Mapping[str, str]) -> dict[str, str]:
    """The values that the file refers to: of what stays those that it runs with, of everything else the wanted ones."""
    found: dict[str, str] = {}
    for name, text in references.sections(file).items():
        for key in references.REFERENCE.findall(text):
            fresh = name not in part.stay or key not in kept
            if fresh and key in part.values:
                found[key] = part.values[key]
            elif key in kept:
                found.setdefault(key, kept[key])
    return found
