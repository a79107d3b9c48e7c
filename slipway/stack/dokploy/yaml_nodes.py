"""A compose file as nodes that know their line, column, quotes and tag: what a loaded file no longer tells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import yaml
from yaml.composer import Composer
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode
from yaml.parser import Parser
from yaml.reader import Reader
from yaml.resolver import BaseResolver
from yaml.scanner import Scanner

MERGE = "<<"


@dataclass(frozen=True, order=True)
class Place:
    """A place in a file; line and column count from 1, a column is a character."""

    line: int
    column: int


class Broken(Exception):
    """A text that is no YAML, or more than one document: where, and why."""

    def __init__(self, place: Place, why: str):
        super().__init__(why)
        self.place, self.why = place, why


class Composing(Reader, Scanner, Parser, Composer, BaseResolver):
    """A reader that resolves nothing: a node's tag is the one that is written, or empty."""

    def __init__(self, text: str):
        Reader.__init__(self, text)
        Scanner.__init__(self)
        Parser.__init__(self)
        Composer.__init__(self)
        BaseResolver.__init__(self)

    def compose_scalar_node(self, anchor):
        return self.untagged(self.peek_event().tag, super().compose_scalar_node(anchor))

    def compose_sequence_node(self, anchor):
        return self.untagged(self.peek_event().tag, super().compose_sequence_node(anchor))

    def compose_mapping_node(self, anchor):
        return self.untagged(self.peek_event().tag, super().compose_mapping_node(anchor))

    @staticmethod
    def untagged(tag: str | None, node: Node) -> Node:
        node.tag = tag or ""
        return node


def read(text: str) -> Node | None:
    """The only document of a text, or None if there is none. Raises Broken."""
    try:
        reader = Composing(text)
        return reader.get_single_node()
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise Broken(place_of(mark), " ".join(filter(None, (error.context, error.problem)))) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, error.position) + 1
        raise Broken(Place(line, 1), f"the character U+{int(error.character):04X}") from None
    except RecursionError:
        raise Broken(Place(1, 1), "more levels than can be read") from None


def place_of(mark) -> Place:
    return Place(mark.line + 1, mark.column + 1)


def place(node: Node) -> Place:
    """Where a node begins."""
    return place_of(node.start_mark)


def entries(node: Node | None) -> dict[str, tuple[Node, Node]]:
    """Key and value of each entry of a mapping, merged ones too; what is no mapping has none."""
    found: dict[str, tuple[Node, Node]] = {}
    seen: set[int] = set()
    left = [node]
    while left:
        one = left.pop(0)
        if not isinstance(one, MappingNode) or id(one) in seen:
            continue
        seen.add(id(one))
        merged: list[Node | None] = []
        for key, value in one.value:
            if isinstance(key, ScalarNode) and key.value == MERGE:
                merged += items(value) or [value]
            elif isinstance(key, ScalarNode):
                found.setdefault(key.value, (key, value))
        left = merged + left
    return found


def get(node: Node | None, *path: str) -> Node | None:
    """The node that a path of keys leads to."""
    for key in path:
        node = entries(node).get(key, (None, None))[1]
    return node


def items(node: Node | None) -> list[Node]:
    """The items of a list; what is no list has none."""
    return list(node.value) if isinstance(node, SequenceNode) else []


def text(node: Node | None) -> str:
    """The text of a scalar as it is written, without its quotes; of anything else, nothing."""
    return node.value if isinstance(node, ScalarNode) else ""


def pairs(node: Node | None) -> Iterator[tuple[str, str, Node]]:
    """Key, value and node of an environment or of labels, in either of their forms."""
    for item in items(node):
        key, _, value = text(item).partition("=")
        yield key, value, item
    for key, (_, value) in entries(node).items():
        yield key, text(value), value


def walk(node: Node | None) -> Iterator[tuple[tuple[str, ...], Node, bool]]:
    """Every node once, with the keys that lead to it, and whether it is a key itself."""
    seen: set[int] = set()
    left: list[tuple[tuple[str, ...], Node, bool]] = [((), node, False)] if node is not None else []
    while left:
        path, each, is_key = left.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield path, each, is_key
        if isinstance(each, SequenceNode):
            left += [(path, item, False) for item in reversed(each.value)]
        elif isinstance(each, MappingNode):
            for key, value in reversed(each.value):
                left += [((*path, text(key)), value, False), ((*path, text(key)), key, True)]
