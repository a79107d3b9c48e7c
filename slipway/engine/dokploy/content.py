"""What the server is given of a stack: what runs, and what starts now; nothing ahead of its time. Pure.

So a Deploy from Dokploy's own page, whenever somebody presses it, finds nothing to change.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from slipway.stack import references

OWNERS = "owners"  # gives volumes to who works in them, and ends: those who need that wait for it
# The order is ours, and a store that is stopped on purpose is not in the file.
NEEDS = re.compile(r"(?m)^    depends_on:\n(?:      .*\n)+")
BUILD = re.compile(r"(?m)^    build:\n(?:      .*\n)+")  # there is no tree on the server
ENTRY = re.compile(r"(?m)^  ([\w.-]+):.*\n(?:    .*\n)*")
IDLE = "    scale: 0\n\n"
SEAL = "SLIPWAY_SEAL_"
IMAGE = re.compile(r"(?m)^    image: .*\n(?:    pull_policy: .*\n)?")


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


def written(part: Part, kept: str, known: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """The file and the values that it refers to, where the server has `kept` and `known`.

    Sections of what starts are as they are rendered and have the wanted values; those of what stays are as they are, with
    the values that they run with. There are no others, but what gives volumes to their owners, and the service with the
    domain, for Dokploy deploys no file without it: at scale 0 while it has to wait.
    """
    old = {name: text for name, text in sections(kept).items() if name in part.stay}
    held = {key: known[key] for text in old.values() for key in references.REFERENCE.findall(text) if key in known}
    chosen, values = {}, dict(held)
    for name, text in fresh(part, old).items():
        chosen[name], its = own(name, text, part.values, held)
        values |= its
    names = [OWNERS, *references.sections(part.rendered), part.front]
    body = {name: (chosen | old)[name] for name in names if name in chosen | old}
    file = assemble(part.rendered, kept if old else "", body)
    # What stays keeps its seal, too: a change by another hand is seen until the service is started anew.
    stay = {key: known[key] for name in old if (key := SEAL + references.key(name)) in known}
    return file, values | seals(file, values) | stay


def fresh(part: Part, old: Mapping[str, str]) -> dict[str, str]:
    """The sections that are written as they are rendered."""
    new = references.sections(part.rendered)
    chosen = {
        name: text if name == OWNERS else driven(text)
        for name, text in new.items()
        if name == OWNERS or name in part.start or (name in part.stay and name not in old)
    }
    if part.front in new and part.front not in chosen | dict(old):
        chosen[part.front] = "\n" + IMAGE.findall(new[part.front])[0] + IDLE
    return chosen


def own(name: str, text: str, wanted: Mapping[str, str], held: Mapping[str, str]) -> tuple[str, dict[str, str]]:
    """A section and its values. What stays holds some keys to other values: of those this service has keys of its own."""
    values = {key: wanted[key] for key in references.REFERENCE.findall(text) if key in wanted}
    others = {key for key, value in values.items() if held.get(key, value) != value}
    plain = {key: value for key, value in values.items() if key not in others}
    if name.startswith("app-") or not others:  # a colour has keys of its own as it is rendered
        return text, plain
    mine = f"own_{references.key(name)}"
    led = references.of_colour(text, mine)
    known = {f"{mine.upper()}_{key}": values[key] for key in others}
    # What stands in the place of another value, as the project's name in that of an image, is not led.
    return led, plain | {key: known[key] for key in references.REFERENCE.findall(led) if key in known}


def assemble(rendered: str, kept: str, body: Mapping[str, str]) -> str:
    """A file of these sections, with the networks and volumes of both files: what stays has those that it was made with."""
    head, tail = rendered.split("\nservices:\n", 1)[0], rendered.split("\nnetworks:\n", 1)[1]
    networks, _, volumes = tail.partition("\nvolumes:\n")
    if sections(kept):
        first, _, second = kept.split("\nnetworks:\n", 1)[1].partition("\nvolumes:\n")
        networks, volumes = united(networks, first), united(volumes, second)
    text = "".join(f"  {name}:{section}" for name, section in body.items())
    return f"{head}\nservices:\n{text}\nnetworks:\n{networks}\nvolumes:\n{volumes}"


def united(new: str, old: str) -> str:
    """The entries of one, and those of the other that it has not."""
    there = {found[1] for found in ENTRY.finditer(new)}
    more = "".join(found[0] for found in ENTRY.finditer(old) if found[1] not in there)
    return f"{new.rstrip()}\n{more}" if more else new


def driven(section: str) -> str:
    """A section without what is for those who are not driven from outside."""
    return BUILD.sub("", NEEDS.sub("", section))


def sections(file: str) -> dict[str, str]:
    """The sections of a file of ours; none of one that somebody else wrote."""
    try:
        return references.sections(file)
    except (IndexError, ValueError):
        return {}


def running(file: str) -> set[str]:
    """The services that a file of ours starts, and that go on."""
    return {name for name, text in sections(file).items() if name != OWNERS and not text.endswith(IDLE)}


def seals(file: str, values: Mapping[str, str]) -> dict[str, str]:
    """What tells of each section later whether it, or a value that it refers to, was changed by another hand."""
    return {
        SEAL + references.key(name): hashlib.sha256(
            repr((text, [(key, values.get(key)) for key in references.REFERENCE.findall(text)])).encode()
        ).hexdigest()[:16]
        for name, text in sections(file).items()
    }


def edited(file: str, values: Mapping[str, str]) -> set[str]:
    """The services whose sections were changed by another hand since they were written."""
    now = seals(file, values)
    return {name for name in sections(file) if values.get(key := SEAL + references.key(name), now[key]) != now[key]}
