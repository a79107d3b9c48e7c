"""What two HTTP APIs answer to the same requests: status, content type and body, request after request."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import zip_longest

from slipway.errors import SettingsError
from slipway.smoke import run as smoke
from slipway.smoke.collection import Request
from slipway.smoke.run import Run, Unmet
from slipway.supabase.interface import Compared
from slipway.supabase.proving import values
from slipway.supabase.proving.prove import compared
from slipway.supabase.proving.reading import Api, Asked, Writes

NAME = "answers"
NO_MORE = "nothing after it was compared"


@dataclass
class End:
    """One of the two APIs: how a sentence calls it, and what is run on it."""

    name: str
    run: Run
    told: int = 0  # failures of the run that were taken already

    def ask(self, request: Request) -> dict | None:
        return smoke.one(self.run, request)

    def unmet(self) -> list[Unmet]:
        """What did not hold since this was asked the last time."""
        found, self.told = self.run.failures[self.told :], len(self.run.failures)
        return found


@dataclass
class Tally:
    """What came of the requests so far."""

    alike: int = 0
    differ: list[str] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)


def compare(asked: Asked, project: Api, stack: Api, say: Callable[[str], None]) -> Compared:
    """Runs the collection on both, in step, and compares each answer; a request that has none leaves the check unmade."""
    ends, tally = (End("in the project", asked.run(project)), End("here", asked.run(stack))), Tally()
    try:
        run_both(asked, ends, tally, say)
    except Writes as error:
        tally.unknown.append(f"a script asks for {error}: it was not sent; {NO_MORE}")
    except SettingsError as error:
        tally.unknown.append(f"{error.where}: {error.found}, and not to {error.expected}; {NO_MORE}")
    if not (tally.alike or tally.differ or tally.unknown):
        tally.unknown.append("its scripts leave every request out")
    for end in ends:
        hide = smoke.masker(end.run).text
        tally.differ, tally.unknown = list(map(hide, tally.differ)), list(map(hide, tally.unknown))
    checks = len(ends[1].run.verdicts)
    held = f", and {checks} of their checks hold" if checks else ""
    return compared(NAME, tally.differ, tally.unknown, f"{tally.alike} requests are answered alike{held}")


def run_both(asked: Asked, ends: tuple[End, End], tally: Tally, say: Callable[[str], None]) -> None:
    """The same request to both, then the next one, as long as both answer and their scripts go on with the same."""
    orders = (smoke.order_requests(asked.requests, end.run) for end in ends)
    for number, pair in enumerate(zip_longest(*orders)):
        one, other = pair
        if one is not other:
            there, here = (each.title if each else "the end" for each in pair)
            tally.differ.append(f"after {number} requests its scripts go on with {here}, in the project with {there}")
            return
        say(f"{number + 1} of {max(number + 1, len(asked.requests))}: {one.title}")
        judge(one.title, ends, [end.ask(one) for end in ends], tally)
        if any(end.run.sender.silent for end in ends):
            tally.unknown[-1] += f"; {NO_MORE}"
            return
    # A script that names no request to go to, or that has no end.
    tally.unknown += [f"{each.where}: {each.found} {end.name}" for end in ends for each in end.unmet()]


def judge(title: str, ends: tuple[End, End], answers: list[dict | None], tally: Tally) -> None:
    """Counts one request: as alike, with each of its differences, or as one that nobody can compare."""
    unmet = [end.unmet() for end in ends]
    project, stack = answers
    if project is None or stack is None:
        for end, answer, failed in zip(ends, answers, unmet, strict=True):
            if answer is None and failed:
                tally.unknown.append(f"{title}: {failed[-1].found} {end.name}")
            elif answer is None and project is not stack:
                tally.differ.append(f"{title}: its script leaves it out {end.name} alone")
        return
    found = [f"{title}: {each}" for each in differences(project, stack)] or list(checks(title, stack["code"], *unmet))
    tally.differ += found
    tally.alike += not found


def checks(title: str, code: int, project: list[Unmet], stack: list[Unmet]) -> Iterator[str]:
    """A sentence for each check of the collection's that does not hold, though the answers are alike."""
    failed = {each.where for each in project}
    for each in stack:
        if each.where == title:
            yield f"{title}: status {code} on both sides, and it has no check that expects this"
        else:
            yield f"{each.where}: {'holds on neither side' if each.where in failed else 'holds in the project, and not here'}"
    for where in failed - {each.where for each in stack}:
        yield f"{where}: holds here, and not in the project"


def differences(project: Mapping, stack: Mapping) -> Iterator[str]:
    """A sentence for each thing in which an answer of the stack is not that of the project; another status stands alone."""
    if project["code"] != stack["code"]:
        yield f"status {stack['code']} instead of {project['code']}"
        return
    expected, found = media_type(project), media_type(stack)
    if expected != found:
        yield f"content type {found or 'none'} instead of {expected or 'none'}"
    by_value = of_json(project["text"], stack["text"]) if is_json(expected) and is_json(found) else None
    if by_value is not None:
        yield from by_value
    elif project["sha256"] != stack["sha256"]:
        yield f"another body, of {stack['size']:,} bytes instead of {project['size']:,}"


def of_json(project: str, stack: str) -> list[str] | None:
    """Where the two values differ; None for a text that is no JSON, or too deep to be gone through: its bytes count."""
    try:
        return list(values.differences(values.read(project), values.read(stack)))
    except (ValueError, RecursionError):
        return None


def media_type(answer: Mapping) -> str:
    """The content type as it is compared: parameters in any order, and of JSON none, since it has none (RFC 8259)."""
    said = next((value for name, value in answer["headers"] if name.lower() == "content-type"), "")
    kind, *parameters = (part.strip().lower() for part in said.split(";"))
    return kind if is_json(kind) else "; ".join([kind, *sorted(filter(None, parameters))])


def is_json(kind: str) -> bool:
    return kind == "application/json" or kind.endswith("+json")
