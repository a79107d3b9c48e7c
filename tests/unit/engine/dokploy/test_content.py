"""What the server is given of a stack: what stays is byte for byte as it was, and nothing else is there ahead of its time."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from slipway.engine.dokploy import content
from slipway.engine.dokploy.content import OWNERS, Part
from slipway.environment import ROOT
from slipway.stack import model, references, render
from slipway.stack.model import Stack
from tests.support.campaign import sized
from tests.support.fuzzing import fuzz
from tests.unit.conftest import settings_of
from tests.unit.stack.test_dokploy_target import CASES, DOKPLOY

NAMES = sorted(set(CASES) - {"backups on the host"})
REFERENCE = re.compile(r"\$\$|\$\{(\w+)")


@cache
def rendered(case: str) -> tuple[Stack, str]:
    stack = model.build(settings_of(**DOKPLOY | CASES[case]))
    return stack, render.files(stack, ROOT)["dokploy.yaml"]


def values_of(case: str, secret: str, colours: tuple[str, ...] = ()) -> dict[str, str]:
    """Values for all that the file of a case refers to, a secret of its own in each."""
    _, text = rendered(case)
    keys = {key for key in references.REFERENCE.findall(text) if not key.startswith(("BLUE_", "GREEN_"))}
    values = {key: f"{key.lower()}-{secret}" for key in sorted(keys)} | {"SLIPWAY_KEEP_BACKUPS": "false"}
    return values | {f"{colour.upper()}_{key}": value for colour in colours for key, value in values.items()}


def part_of(case: str, secret: str, start: set[str], stay: set[str] = frozenset()) -> Part:  # type: ignore[assignment]
    stack, text = rendered(case)
    colours = tuple(name.removeprefix("app-") for name in start if name.startswith("app-"))
    return Part(text, values_of(case, secret, colours), start, stay, stack.front)


def services(case: str) -> set[str]:
    return set(references.sections(rendered(case)[1])) - {OWNERS}


def resolve(text: str, values: Mapping[str, str]) -> str:
    """A text as Compose fills it in: ${A}, ${A:-other} and ${A:?error}, one within another."""
    told, at = "", 0
    while found := REFERENCE.search(text, at):
        told, at = told + text[at : found.start()], found.end()
        if not found[1]:
            told += "$"
            continue
        end = closing(text, at)
        kind, other = text[at : at + 2], text[at + 2 : end]
        value = values.get(found[1], "")
        assert value or kind != ":?", f"{found[1]} is not set"
        told, at = told + (value or (resolve(other, values) if kind == ":-" else "")), end + 1
    return told + text[at:]


def closing(text: str, at: int) -> int:
    depth = 1
    for place in range(at, len(text)):
        depth += {"{": 1, "}": -1}.get(text[place], 0)
        if not depth:
            return place
    raise AssertionError("no end")


STEP = st.tuples(st.sampled_from(NAMES), st.sampled_from(["a", "b", "c"]), st.randoms(use_true_random=False))


@fuzz(sized(100, 5_000))
@given(steps=st.lists(STEP, min_size=2, max_size=5))
def test_what_stays_is_what_it_was_whatever_the_settings_have_become(steps):
    file, known, running = "", {}, set()
    for case, secret, random in steps:
        all_of_them = services(case)
        start = set(random.sample(sorted(all_of_them), random.randint(0, len(all_of_them))))
        gone = set(random.sample(sorted(running), random.randint(0, len(running)))) - start
        stay = {name for name in running if name in all_of_them} - start - gone
        part = part_of(case, secret, start, stay)
        before = {name: resolve(content.sections(file)[name], known) for name in stay}
        kept = {name: content.sections(file)[name] for name in stay}
        file, known = content.written(part, file, known)
        new = content.sections(file)

        assert {name: new[name] for name in stay} == kept
        assert {name: resolve(new[name], known) for name in stay} == before
        for name in start:  # and what starts is what is wanted now
            wanted = content.NEEDS.sub("", references.sections(part.rendered)[name])
            assert resolve(new[name], known) == resolve(wanted, part.values)
        assert set(new) <= start | stay | {OWNERS, part.front}
        assert content.running(file) == start | stay
        assert not content.edited(file, known)
        assert referred(file) >= known.keys() - {each for each in known if each.startswith(content.SEAL)}

        assert content.written(part, file, known) == (file, known)
        again = part_of(case, secret, set(), start | stay)
        assert content.written(again, file, known) == (file, known)

        data = yaml.safe_load(file)
        assert data["services"].keys() == new.keys() and part.front in new
        declared = data["volumes"].keys() | data["networks"].keys()
        assert all(named(each) <= declared for each in data["services"].values())
        running = start | stay


def referred(file: str) -> set[str]:
    return {key for text in content.sections(file).values() for key in references.REFERENCE.findall(text)}


def named(service: dict) -> set[str]:
    """The volumes and networks of a service."""
    volumes = {str(each).split(":")[0] for each in service.get("volumes", ())}
    return {each for each in volumes if "/" not in each} | set(service.get("networks", ()))


@fuzz(sized(200, 5_000))
@given(
    case=st.sampled_from(NAMES),
    random=st.randoms(use_true_random=False),
    text=st.text("ab:{}$\n ", min_size=1, max_size=9),
)
def test_what_another_hand_changed_is_seen_until_its_service_starts_anew(case, random, text):
    names = services(case)
    file, known = content.written(part_of(case, "a", names), "", {})
    name = random.choice(sorted(names))
    if random.random() < 0.5:
        own = set(references.REFERENCE.findall(content.sections(file)[name])) & known.keys()
        assume(own)
        key = random.choice(sorted(own))
        assume(known[key] != text)
        known = known | {key: text}
    else:
        section = content.sections(file)[name]
        file = file.replace(section, section.replace("    init: true\n", "    init: false\n"))
    assert name in content.edited(file, known)
    # Another service is started in between, and the mark stays.
    other = random.choice(sorted(names - {name}))
    file, known = content.written(part_of(case, "a", {other}, names - {other}), file, known)
    assert name in content.edited(file, known)
    file, known = content.written(part_of(case, "a", set(names)), file, known)
    assert not content.edited(file, known)


@pytest.mark.parametrize(
    "file", ["", "services: {}\n", "\nservices:\n", "a: 1", "services:\n  a:\n    image: b\n", "\x00"]
)
def test_a_file_that_somebody_else_wrote_has_nothing_that_could_stay(file):
    names = services("minio")
    new, known = content.written(part_of("minio", "a", {"postgres"}, names - {"postgres"}), file, {"X": "y"})
    assert content.running(new) == names and "X" not in known
    assert not content.running(file) and not content.edited(file, {})


def test_a_store_is_given_a_new_password_while_those_that_have_the_old_one_stay():
    """Each is restarted in its turn; until then it runs on with what it has."""
    names = services("minio")
    file, known = content.written(part_of("minio", "old", names), "", {})
    file, known = content.written(part_of("minio", "new", {"redis"}, names - {"redis"}), file, known)
    assert known["REDIS_APP_PASSWORD"] == "redis_app_password-old"
    assert known["OWN_REDIS_REDIS_APP_PASSWORD"] == "redis_app_password-new"
    file, known = content.written(part_of("minio", "new", names), file, known)
    assert not [key for key in known if key.startswith("OWN_")]
