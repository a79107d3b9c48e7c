"""What Dokploy makes of a file as a whole: what it refuses to read, and what is another value once it has written it."""

from __future__ import annotations

import re
from collections.abc import Iterable

from yaml.nodes import MappingNode, Node, ScalarNode

from slipway.stack.dokploy import yaml_nodes, yaml_values
from slipway.stack.dokploy.go_values import Date, Unreadable, Value, format_value, resolve
from slipway.stack.dokploy.rules import Findings, Found
from slipway.stack.dokploy.secret_keys import secret_key
from slipway.stack.dokploy.yaml_nodes import Place, entries, get, place

STANDARD = "tag:yaml.org,2002:"
SHOWN = 60


def check_file(text: str, root: Node | None) -> Findings:
    """Everything that is wrong with a file before its services are looked at."""
    if not entries(get(root, "services")):
        yield Found(place(root) if root else Place(1, 1), "yaml-refused", "no services in it")
    if (name := entries(root).get("name")) is not None:
        yield Found(place(name[0]), "project", f"name: {yaml_nodes.text(name[1])}")
    yield from check_comments(text, root)
    for path, node, is_key in yaml_nodes.walk(root):
        if node.tag and not node.tag.startswith(STANDARD):
            yield Found(place(node), "yaml-tag", f"{node.tag} at {'.'.join(path)}")
        if isinstance(node, ScalarNode):
            yield from check_scalar(path, node, is_key)
        elif isinstance(node, MappingNode):
            yield from check_keys(node)
    for service, (_, body) in entries(get(root, "services")).items():
        yield from check_environment(service, get(body, "environment"))


def check_scalar(path: tuple[str, ...], node: ScalarNode, is_key: bool) -> Findings:
    plain, where = node.style is None, ".".join(path)
    change = None if named(node.tag) else yaml_values.find_change(node.value, plain, node.tag, is_key)
    if plain and not is_key and isinstance(resolve(node.value), Date):
        yield Found(place(node), "yaml-date", f"{where} is a date, which Compose refuses")
    if change is None or (is_key and not (isinstance(change.before, str) and not isinstance(change.after, str))):
        return
    if is_key:
        yield Found(place(node), "yaml-key", f"the key {where} is {describe(change.after)} without its quotes")
    elif isinstance(change.after, Date):
        yield Found(place(node), "yaml-date", f"{where} is a date without its quotes")
    elif secret_key(path[-1] if path else ""):
        yield Found(place(node), "yaml-value", f"{where}, a secret of {len(node.value)} characters, is another value")
    else:
        yield Found(place(node), "yaml-value", f"{where}: {describe(change.before)} becomes {describe(change.after)}")


def named(tag: str) -> bool:
    """Whether a scalar says its own type, !!int for one: it is read as that, or dropped with its tag."""
    return bool(tag) and tag != yaml_values.STR


def describe(value: Value) -> str:
    """A value as a finding tells it: its kind, and the start of it."""
    if isinstance(value, str):
        return f'the text "{shorten(value)}"'
    if value is None or isinstance(value, Unreadable):
        return "nothing" if value is None else "a form that Compose does not read"
    return f"a date ({value.text})" if isinstance(value, Date) else f"{format_value(value).lower()}"


def shorten(text: str) -> str:
    one = "".join(each if each.isprintable() else " " for each in text)
    return one if len(one) <= SHOWN else one[:SHOWN] + "…"


def check_keys(node: MappingNode) -> Findings:
    """Keys that are there twice, as the package compares them: by what they are, not by how they are written."""
    seen: set[tuple[type, object]] = set()
    for key, _ in node.value:
        if not isinstance(key, ScalarNode):
            continue
        value = yaml_values.read(key.value, key.style is None, key.tag)
        if (type(value), value) in seen:
            yield Found(place(key), "yaml-refused", f"the key {shorten(key.value)} is there twice")
        seen.add((type(value), value))


def check_environment(service: str, node: Node | None) -> Findings:
    """An environment in the form of a mapping, with values that are no texts: one finding for all of them."""
    values: Iterable[tuple[str, Node]] = ((key, value) for key, (_, value) in entries(node).items())
    loose = [
        key
        for key, value in values
        if isinstance(value, ScalarNode) and value.style is None and not isinstance(resolve(value.value), str | None)
    ]
    if node is not None and loose:
        yield Found(place(node), "map-environment", f"{service}: {', '.join(loose)}")


def check_comments(text: str, root: Node | None) -> Findings:
    """The first line that is a comment; one within a text of several lines is none."""
    inside: set[int] = set()
    for _, node, _ in yaml_nodes.walk(root):
        if isinstance(node, ScalarNode) and node.end_mark.line > node.start_mark.line:
            inside |= set(range(node.start_mark.line + 1, node.end_mark.line))
    for number, line in enumerate(text.splitlines()):
        if re.match(r"\s*#", line) and number not in inside:
            yield Found(Place(number + 1, line.index("#") + 1), "comments", "this comment and every other")
            return
