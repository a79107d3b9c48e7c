"""What test scripts may assert, in the words of chai as Postman has them (chaijs.com/api/bdd)."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence

from slipway.smoke.nodes import Refused, Regex
from slipway.smoke.values import UNDEFINED, part_of, same, type_of

FILLERS = frozenset(("to", "be", "been", "is", "that", "which", "has", "have", "with", "at", "of", "deep", "does"))
FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL}


class Unmet(Exception):
    """A check that the answer does not meet: what was found, what was expected."""

    def __init__(self, found: str, expected: str):
        super().__init__(f"{found}, expected {expected}")
        self.found, self.expected = found, expected


def shown(found: object) -> str:
    """A value as an error quotes it: one line, not long."""
    if isinstance(found, tuple):
        return "status " + " ".join(map(str, found)).strip()
    text = str(found) if found is UNDEFINED or isinstance(found, Regex) else json.dumps(found, ensure_ascii=False)
    return text if len(text) <= 200 else f"{text[:200]}…"


def numbers(*found: object) -> bool:
    return all(type_of(each) == "number" for each in found)


def includes(found: object, part: object) -> bool:
    if isinstance(found, str):
        return isinstance(part, str) and part in found
    return isinstance(found, list) and any(same(each, part) for each in found)


def matches(found: object, pattern: object) -> bool:
    if not isinstance(found, str) or not isinstance(pattern, Regex):
        return False
    flags = sum(FLAGS.get(flag, 0) for flag in pattern.flags)
    return re.search(pattern.pattern, found, flags) is not None


def has_property(found: object, key: object, *value: object) -> bool:
    part = UNDEFINED if found is UNDEFINED or found is None else part_of(found, key)
    return part is not UNDEFINED and (not value or same(part, value[0]))


# Names with how many arguments they take; no entry for a name is a check that is not understood.
ASSERTIONS: dict[str, tuple[tuple[int, ...], str, Callable[..., bool]]] = {
    **dict.fromkeys(("eql", "equal", "equals", "eq", "eqls"), ((1,), "{}", same)),
    **dict.fromkeys(("above", "gt", "greaterThan"), ((1,), "above {}", lambda f, n: numbers(f, n) and f > n)),
    **dict.fromkeys(("below", "lt", "lessThan"), ((1,), "below {}", lambda f, n: numbers(f, n) and f < n)),
    **dict.fromkeys(("least", "gte"), ((1,), "at least {}", lambda f, n: numbers(f, n) and f >= n)),
    **dict.fromkeys(("most", "lte"), ((1,), "at most {}", lambda f, n: numbers(f, n) and f <= n)),
    "within": ((2,), "from {} to {}", lambda f, low, high: numbers(f, low, high) and low <= f <= high),
    "oneOf": ((1,), "one of {}", lambda f, many: includes(many, f)),
    **dict.fromkeys(("include", "includes", "contain", "contains"), ((1,), "something that holds {}", includes)),
    **dict.fromkeys(("a", "an"), ((1,), "of type {}", lambda f, name: type_of(f) == str(name).lower())),
    **dict.fromkeys(("property", "ownProperty"), ((1, 2), "the property {} {}", has_property)),
    **dict.fromkeys(
        ("lengthOf", "length"), ((1,), "length {}", lambda f, n: isinstance(f, (str, list)) and len(f) == n)
    ),
    "match": ((1,), "a match of {}", matches),
}
FACTS: dict[str, tuple[str, Callable[[object], bool]]] = {
    "true": ("true", lambda f: f is True),
    "false": ("false", lambda f: f is False),
    "null": ("null", lambda f: f is None),
    "undefined": ("undefined", lambda f: f is UNDEFINED),
    "exist": ("something", lambda f: f is not None and f is not UNDEFINED),
    "ok": ("something that is true", lambda f: f is not UNDEFINED and (f in ([], {}) or bool(f))),
    "empty": ("empty", lambda f: isinstance(f, (str, list, dict)) and not f),
}


def expectation(subject, words: Sequence[str], args) -> Callable[[object], None]:
    """`pm.expect(SUBJECT).WORDS(ARGS)`. Raises Refused for an assertion that is not in the tables."""
    negative, name = plain(words)
    if args is None:
        text, holds = FACTS.get(name) or refuse()
        return judged(subject, negative, text, lambda found: holds(found), ())
    arity, text, holds = ASSERTIONS.get(name) or refuse()
    if len(args) not in arity:
        refuse()
    return judged(subject, negative, text, holds, args)


def on_response(words: Sequence[str], args) -> Callable[[object], None]:
    """`pm.response.to.WORDS(ARGS)`: status, header, ok."""
    negative, name = plain(words)
    if name in ("ok", "success") and args is None:
        return judged(
            lambda context: context.answer.code,
            negative,
            "a status from 200 to 299",
            lambda code: 200 <= code < 300,
            (),
        )
    if name == "status" and args is not None and len(args) == 1:
        return judged(status, negative, "status {}", lambda found, wanted: wanted in found, args)
    if name == "header" and args is not None and len(args) in (1, 2):
        return judged(
            lambda context: dict(context.answer.headers),
            negative,
            "the header {} {}",
            lambda found, key, *value: has_property(found, str(key).lower(), *value),
            args,
        )
    refuse()


def status(context) -> tuple[int, str]:
    """Status and reason: a collection may name either."""
    return context.answer.code, context.answer.reason


def plain(words: Sequence[str]) -> tuple[bool, str]:
    """Whether an assertion is negative, and its name: the last word, all before it being filler."""
    if not words or any(word not in FILLERS | {"not"} for word in words[:-1]):
        refuse()
    return "not" in words, words[-1]


def judged(subject, negative: bool, text: str, holds: Callable[..., bool], args) -> Callable[[object], None]:
    def run(context) -> None:
        found, given = subject(context), [arg(context) for arg in args]
        if bool(holds(found, *given)) == negative:
            wanted = text.format(*map(shown, given), *[""] * text.count("{}")).strip()
            raise Unmet(shown(found), f"not {wanted}" if negative else wanted)

    return run


def refuse():
    raise Refused
