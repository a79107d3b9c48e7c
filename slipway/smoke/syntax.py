"""The little JavaScript that test scripts of Postman collections are made of, as a tree. Nothing here runs anything."""

from __future__ import annotations

import ast
import re
from dataclasses import dataclass

from slipway.smoke.nodes import Array, Chain, Function, Literal, Node, NotUnderstood, Regex, Statement

TOKEN = re.compile(
    r"""
    (?P<space>\s+|//[^\n]*|/\*.*?\*/)
  | (?P<text>"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`[^`\\$]*`)
  | (?P<number>\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
  | (?P<name>[A-Za-z_$][\w$]*)
  | (?P<regex>/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n\[*])+/[gimsuy]*)
  | (?P<mark>=>|[-.,;:(){}\[\]=])
""",
    re.VERBOSE | re.DOTALL,
)
LONGEST_NUMBER = 400  # digits; beyond it JavaScript sees infinity
WORDS = {"true": True, "false": False, "null": None}


@dataclass(frozen=True)
class Token:
    kind: str
    text: str
    line: int


def parse(script: str) -> tuple[Statement, ...]:
    """The statements of a script. Raises NotUnderstood with the line that is outside the declared form."""
    reader = Reader(tokens(script), script.split("\n"))
    found = reader.statements("")
    if reader.peek().kind != "end":
        reader.refuse(reader.peek())
    return found


def tokens(script: str) -> list[Token]:
    found, place, line = [], 0, 1
    while place < len(script):
        match = TOKEN.match(script, place)
        if match is None:
            raise NotUnderstood(line, script.split("\n")[line - 1].strip())
        if match.lastgroup != "space":
            found.append(Token(match.lastgroup, match[0], line))
        place, line = match.end(), line + match[0].count("\n")
    return found


class Reader:
    """Recursive descent over tokens."""

    def __init__(self, found: list[Token], lines: list[str]):
        self.found, self.lines, self.place = found, lines, 0

    def peek(self) -> Token:
        last = self.found[-1].line if self.found else 1
        return self.found[self.place] if self.place < len(self.found) else Token("end", "", last)

    def take(self, *texts: str) -> Token:
        token = self.peek()
        if texts and token.text not in texts:
            self.refuse(token)
        self.place += 1
        return token

    def skip(self, text: str) -> bool:
        if self.peek().text != text:
            return False
        self.place += 1
        return True

    def refuse(self, token: Token) -> None:
        raise NotUnderstood(token.line, self.lines[token.line - 1].strip())

    def statements(self, until: str) -> tuple[Statement, ...]:
        found = []
        while self.peek().kind != "end" and self.peek().text != until:
            if not self.skip(";"):
                found.append(self.statement())
        return tuple(found)

    def statement(self) -> Statement:
        token, name = self.peek(), ""
        if token.text in ("const", "let", "var"):
            self.take()
            name = self.name()
            self.take("=")
        made = Statement(token.line, self.node(), name)
        # Without it, two statements on one line would be one that is half read.
        if self.peek().text not in (";", "}", "") and self.peek().line == self.found[self.place - 1].line:
            self.refuse(self.peek())
        return made

    def name(self) -> str:
        token = self.peek()
        if token.kind != "name":
            self.refuse(token)
        return self.take().text

    def node(self) -> Node:
        token = self.peek()
        if token.kind == "text":
            return Literal(text_of(self.take()))
        if token.kind == "number" or token.text == "-":
            sign = -1 if self.skip("-") else 1
            return Literal(sign * self.number())
        if token.kind == "regex":
            pattern, _, flags = self.take().text[1:].rpartition("/")
            return Regex(pattern, flags)
        if token.text == "[":
            return Array(self.listed("[", "]"))
        if token.text in ("function", "("):
            return self.function()
        if token.text in WORDS:
            return Literal(WORDS[self.take().text])
        return self.chain()

    def number(self) -> int | float:
        token = self.peek()
        if token.kind != "number":
            self.refuse(token)
        text = self.take().text
        if len(text) > LONGEST_NUMBER:
            self.refuse(token)
        return int(text) if text.isdigit() else float(text)

    def function(self) -> Function:
        """`function () {…}` or `() => {…}`, without parameters."""
        arrow = not self.skip("function")
        self.take("(")
        self.take(")")
        if arrow:
            self.take("=>")
        self.take("{")
        body = self.statements("}")
        self.take("}")
        return Function(body)

    def chain(self) -> Chain:
        root, parts = self.name(), []
        while self.peek().text in (".", "(", "["):
            if self.skip("."):
                parts.append(self.name())
            elif self.peek().text == "(":
                parts.append(self.listed("(", ")"))
            else:
                self.take("[")
                parts.append(self.node())
                self.take("]")
        return Chain(root, tuple(parts))

    def listed(self, opening: str, closing: str) -> tuple[Node, ...]:
        self.take(opening)
        found: list[Node] = []
        while not self.skip(closing):
            found.append(self.node())
            if self.peek().text != closing:
                self.take(",")
        return tuple(found)


def text_of(token: Token) -> str:
    """The value of a string; escapes that Python reads otherwise than JavaScript are refused."""
    if token.text.startswith("`"):
        return token.text[1:-1]
    if re.search(r"\\[^nrtbf\\'\"]", token.text):
        raise NotUnderstood(token.line, token.text)
    try:
        return ast.literal_eval(token.text)
    except (ValueError, SyntaxError):
        raise NotUnderstood(token.line, token.text) from None
