"""The tree that a test script is read into, and how a script is refused that has no such tree."""

from __future__ import annotations

from dataclasses import dataclass


class NotUnderstood(Exception):
    """A script says something outside the declared form; the text quotes it."""

    def __init__(self, line: int, text: str):
        super().__init__(f"line {line}: {text}")


class Refused(Exception):
    """A part of a script that is not of the declared form; whoever knows its line says which."""


@dataclass(frozen=True)
class Literal:
    value: object


@dataclass(frozen=True)
class Array:
    items: tuple[Node, ...]


@dataclass(frozen=True)
class Regex:
    pattern: str
    flags: str

    def __str__(self) -> str:
        return f"/{self.pattern}/{self.flags}"


@dataclass(frozen=True)
class Function:
    body: tuple[Statement, ...]


@dataclass(frozen=True)
class Chain:
    """A name and what follows it: a word for `.word`, a tuple of nodes for a call, a node for `[index]`."""

    root: str
    parts: tuple[str | tuple[Node, ...] | Node, ...]


Node = Literal | Array | Regex | Function | Chain


@dataclass(frozen=True)
class Statement:
    """One statement; `assigns` is the name that a const, let or var gives to its value."""

    line: int
    value: Node
    assigns: str = ""
