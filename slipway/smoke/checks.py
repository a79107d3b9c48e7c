"""Test scripts of a Postman collection as checks: the form that is declared here, and nothing beyond it.

    pm.test("name", function () { … });                     also with () => { … }
    pm.response.to.have.status(200);                        .header("name"[, "value"]); pm.response.to.be.ok
    pm.expect(VALUE).to[.not].ASSERTION;                    see ASSERTIONS in postman_assertions
    const body = pm.response.json();                        also let and var
    pm.collectionVariables.set("id", VALUE);                also environment, variables, globals

VALUE is a text, number, true, false, null, array, pm.response.code, .status, .responseTime, .text(), .json(),
.headers.get("name"), pm.collectionVariables.get("name"), or a name given before; then .property, [index], .length.
Source of the form: learning.postman.com, "Script examples" and "Test script reference".
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from slipway.smoke import assertions
from slipway.smoke.assertions import Unmet, shown
from slipway.smoke.nodes import Array, Chain, Function, Literal, Node, NotUnderstood, Refused, Regex, Statement
from slipway.smoke.syntax import parse
from slipway.smoke.values import UNDEFINED, missing, part_of

STORES = ("collectionVariables", "environment", "variables", "globals")


@dataclass(frozen=True)
class Answer:
    """What a request was answered; `ms` until the last byte."""

    code: int
    reason: str
    headers: Mapping[str, str]  # names in lower case
    text: str
    ms: float

    def json(self) -> object:
        """The body as JSON. Raises Unmet if it is none."""
        try:
            return json.loads(self.text)
        except (ValueError, RecursionError):
            raise Unmet(f"a body that is no JSON: {shown(self.text)}", "JSON") from None


@dataclass
class Context:
    """What a script sees: the answer, the variables that outlast it, and its own names."""

    answer: Answer
    variables: dict[str, object]
    names: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True)
class Check:
    """One assertion, or one name or variable that is set on the way to one; `run` raises Unmet."""

    name: str
    run: Callable[[Context], None]
    asserts: bool


Value = Callable[[Context], object]


def compile_script(script: str) -> tuple[Check, ...]:
    """The checks of a script in order. Raises NotUnderstood for the first part outside the declared form."""
    lines = script.split("\n")
    try:
        return tuple(check for statement in parse(script) for check in compiled(statement, lines, ""))
    except RecursionError:
        raise NotUnderstood(1, "brackets in brackets without end") from None


def compiled(statement: Statement, lines: list[str], test: str) -> list[Check]:
    """One statement; a `pm.test` is the statements in it."""
    node = statement.value
    try:
        if inner := body_of(node):
            name, body = inner
            return [check for each in body for check in compiled(each, lines, name)]
        name = test or lines[statement.line - 1].strip()
        return [Check(name, *act(statement, node))]
    except Refused:
        raise NotUnderstood(statement.line, lines[statement.line - 1].strip()) from None


def body_of(node: Node) -> tuple[str, tuple[Statement, ...]] | None:
    match node:
        case Chain("pm", ("test", (Literal(str(name)), Function(body)))):
            if not body:
                raise Refused
            return name, body
    return None


def act(statement: Statement, node: Node) -> tuple[Callable[[Context], None], bool]:
    """What a statement does, and whether it asserts something."""
    if statement.assigns:
        return keeps_name(statement.assigns, value(node)), False
    match node:
        case Chain("pm", (store, "set", (Literal(str(key)), given))) if store in STORES:
            return keeps_variable(key, value(given)), False
        case Chain("pm", ("expect", (subject, *_), *words)):
            return assertions.expectation(value(subject), *split(words)), True
        case Chain("pm", ("response", "to", *words)):
            return assertions.on_response(*split(words)), True
        case Chain("console", ("log", tuple())):
            return (lambda context: None), False
    raise Refused


def split(words: list) -> tuple[list[str], tuple[Value, ...] | None]:
    """The words of an assertion, and the arguments of the call that ends it; None where there is no call."""
    called = bool(words) and isinstance(words[-1], tuple)
    names = words[:-1] if called else words
    if not all(isinstance(name, str) for name in names):
        raise Refused
    return names, tuple(value(each) for each in words[-1]) if called else None


def keeps_name(name: str, given: Value) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        context.names[name] = given(context)

    return run


def keeps_variable(key: str, given: Value) -> Callable[[Context], None]:
    def run(context: Context) -> None:
        found = given(context)
        if found is UNDEFINED:
            raise Unmet("undefined", f"a value for {{{{{key}}}}}")
        context.variables[key] = found

    return run


def value(node: Node) -> Value:
    """How a node is read once an answer is there. Raises Refused for what is no value of the declared form."""
    match node:
        case Literal(found):
            return lambda context: found
        case Regex(pattern, _):
            sound(pattern)
            return lambda context: node
        case Array(items):
            parts = [value(item) for item in items]
            return lambda context: [part(context) for part in parts]
        case Chain("pm", ("response", *rest)):
            return of_response(rest)
        case Chain("pm", (store, "get", (Literal(str(key)),))) if store in STORES:
            return lambda context: context.variables.get(key, UNDEFINED)
        case Chain("pm", _) | Function():
            raise Refused
        case Chain("undefined", ()):
            return lambda context: UNDEFINED
        case Chain(name, rest):
            return along(lambda context: context.names.get(name, UNDEFINED), rest)
    raise Refused


def sound(pattern: str) -> None:
    """Refuses a pattern that JavaScript knows and Python does not."""
    try:
        re.compile(pattern)
    except re.error:
        raise Refused from None


def of_response(rest: list) -> Value:
    match rest:
        case ["json", (), *more]:
            return along(lambda context: context.answer.json(), more)
        case ["text", (), *more]:
            return along(lambda context: context.answer.text, more)
        case ["headers", "get", (Literal(str(key)),)]:
            return lambda context: context.answer.headers.get(key.lower(), UNDEFINED)
        case ["code"]:
            return lambda context: context.answer.code
        case ["status"]:
            return lambda context: context.answer.reason
        case ["responseTime"]:
            return lambda context: context.answer.ms
    raise Refused


def along(start: Value, parts) -> Value:
    """Properties and indices after a value."""
    steps = [part if isinstance(part, str) else value(part) if not isinstance(part, tuple) else None for part in parts]
    if None in steps:
        raise Refused

    def read(context: Context) -> object:
        found = start(context)
        for step in steps:
            key = step if isinstance(step, str) else step(context)
            if found is UNDEFINED or found is None:
                raise Unmet(missing(found, key), f"something that has {key}")
            found = part_of(found, key)
        return found

    return read
