"""A `.env` as Dokploy reads it: what of it is lost, cut, or another value. A value that may be a secret is not shown."""

from __future__ import annotations

import re
from bisect import bisect_right

from slipway.stack.dokploy import env_values
from slipway.stack.dokploy.env_values import Setting
from slipway.stack.dokploy.rules import Findings, Found
from slipway.stack.dokploy.secret_keys import secret_value
from slipway.stack.dokploy.yaml_nodes import Place

OWN_REFERENCE = re.compile(r"\$\{\{(.*?)\}\}")
SHARED = ("project.", "environment.", "vault.")
REFERENCE = re.compile(r"\$\{[A-Za-z_]\w*[^{}]*\}", re.ASCII)
PROJECT = "COMPOSE_PROJECT_NAME"
SHOWN = 40


class Text:
    """A text with the places of its characters."""

    def __init__(self, text: str):
        self.text = env_values.unify(text)
        self.starts = [0, *(found.end() for found in re.finditer("\n", self.text))]

    def place(self, at: int) -> Place:
        line = bisect_right(self.starts, at)
        return Place(line, at - self.starts[line - 1] + 1)


def check_env(content: str) -> Findings:
    """Every finding of a `.env`."""
    text = Text(content.removeprefix("\ufeff"))
    settings = list(env_values.read(text.text))
    yield from check_lost(text, settings)
    values: dict[str, str] = {}
    for setting in settings:
        where = text.place(setting.start)
        if setting.key in values:
            yield Found(where, "env-twice", f"{setting.key} is there twice")
        if setting.key == PROJECT:
            yield Found(where, "project-name", f"{PROJECT} is set")
        values[setting.key] = setting.value
        yield from check_value(text, setting)
    for setting in settings:
        yield from check_references(text.place(setting.start), setting, values)


def check_lost(text: Text, settings: list[Setting]) -> Findings:
    """Lines that are no comment and belong to no setting."""
    covered: set[int] = set()
    for setting in settings:
        last = text.place(max(setting.start, setting.end)).line
        covered |= set(range(text.place(setting.begin).line, last + 1))
    for number, line in enumerate(text.text.split("\n"), 1):
        if line.strip() and not line.lstrip().startswith("#") and number not in covered:
            yield Found(Place(number, 1), "env-lost", f"{len(line)} characters that are no KEY=value")


def check_value(text: Text, setting: Setting) -> Findings:
    """A value that is not what is written: cut at a #, or with its escapes left in."""
    line_end = text.text.find("\n", setting.start + len(setting.written))
    line = text.text[setting.start : line_end if line_end >= 0 else None]
    whole = setting.written if env_values.in_quotes(setting.written) else line.strip()
    meant = env_values.expected(whole)
    if meant == setting.value:
        return
    at = text.place(setting.start + len(setting.written))
    if whole != setting.written and whole[len(setting.written) :].lstrip().startswith("#"):
        yield Found(at, "env-truncated", f"{setting.key}: {told(setting.key, meant, setting.value)}")
    else:
        where = text.place(setting.start)
        yield Found(where, "env-changed", f"{setting.key}: {told(setting.key, meant, setting.value)}")


def told(key: str, before: str, after: str) -> str:
    """A value before and after; of a secret how long it was and is, and where the two part."""
    if not (secret_value(key, before) or secret_value(key, after)):
        return f'"{shorten(before)}" becomes "{shorten(after)}"'
    parts = next((at for at, (one, other) in enumerate(zip(before, after, strict=False)) if one != other), None)
    at = min(len(before), len(after)) if parts is None else parts
    return f"its {len(before)} characters become {len(after)}, another value from character {at + 1} on"


def shorten(value: str) -> str:
    one = "".join(each if each.isprintable() else repr(each)[1:-1] for each in value)
    return one if len(one) <= SHOWN else one[:SHOWN] + "…"


def check_references(place: Place, setting: Setting, values: dict[str, str]) -> Findings:
    for name in OWN_REFERENCE.findall(setting.value):
        if not name.startswith(SHARED) and name not in values:
            yield Found(place, "env-unknown-reference", f"{setting.key} refers to {shorten(name)}")
    if REFERENCE.search(OWN_REFERENCE.sub("", setting.value)):
        yield Found(place, "env-reference", f"{setting.key} holds a reference to another variable")
