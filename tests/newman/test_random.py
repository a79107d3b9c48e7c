"""Random requests, sent by newman and by us: the server sees the same, and the checks hold alike."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path

import pytest

from tests.newman.requests import field
from tests.newman.test_newman import ours, theirs
from tests.support.campaign import sized
from tests.support.postman import ask, collection, url

# The same ones in each run of CI.
SEED = int(os.environ.get("SEED", "0")) or sized(1, random.SystemRandom().randrange(2**31))
TOGETHER = 100  # requests of one collection
SIGNS = "abcXYZ019-._~ !\"$'()*,;<>@[]^`|\\{}=+üßжЖ日🙂%"
VALUES = ("{{who}}", "{{n}}", "{{flag}}", "{{outer}}", "%20", "%C3%BC", "1+1", "")
METHODS = ("GET", "GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")
VARIABLES = {"who": "Ada Löve", "n": 5, "flag": True, "outer": "<{{who}}>", "empty": ""}


def text(chance: random.Random, more: str = "", most: int = 6) -> str:
    """Some signs, sometimes with a variable among them; never braces that could be read as one."""
    signs = "".join(chance.choices(SIGNS + more, k=chance.randint(0, most)))
    return signs.replace("{{", "{").replace("}}", "}") + chance.choice((*VALUES, "", "", ""))


def segment(chance: random.Random) -> str:
    made = text(chance)
    return f"x{made}" if made.strip(". ") == "" or made.startswith(":") else made


def request(chance: random.Random, number: int) -> dict:
    method = chance.choice(METHODS)
    path = [segment(chance) for _ in range(chance.randint(0, 3))]
    places = [
        field(name, text(chance) or "v") for name in chance.sample(("id", "userId", "user"), chance.randint(0, 2))
    ]
    path += [f":{each['key']}{chance.choice(('', '.json'))}" for each in places]
    query = [pair(chance) for _ in range(chance.randint(0, 3))]
    address = url("/echo", variable=places, query=query) | {"path": ["echo", *path]}
    headers = [field(f"X-{number}", plain(chance)) for number in range(chance.randint(0, 2))]
    status = chance.choice((200, 200, 404))
    # One in twenty has a script, which takes newman ten times as long as a request.
    test = "" if number % 20 else f"pm.test('status', () => pm.response.to.have.status({status}));"
    return ask(f"r{number}", address, test, method=method, header=headers, **body(chance, method))


def pair(chance: random.Random) -> dict:
    made = field(text(chance, "&#?/:") or "k", text(chance, "&#?/:"))
    return (
        made
        | ({"disabled": True} if chance.random() < 0.1 else {})
        | ({"value": None} if chance.random() < 0.1 else {})
    )


def plain(chance: random.Random) -> str:
    """A header's value: visible letters of ASCII, in which both clients agree."""
    return "".join(chance.choices("abc019 -_.:;,/()'!*", k=chance.randint(0, 8))) + chance.choice(("", "{{n}}"))


def body(chance: random.Random, method: str) -> dict:
    if method in ("GET", "HEAD", "OPTIONS"):
        return {}
    kind = chance.choice(("none", "raw", "urlencoded", "formdata"))
    # Each name once and none a whole number: newman makes an object of them, which gives such an order of its own.
    fields = [field(f"f{number}{text(chance)}", text(chance, "&=+#/\n")) for number in range(chance.randint(1, 3))]
    return {
        "none": {},
        "raw": {"body": {"mode": "raw", "raw": text(chance, "&=+#/\n", 20), "options": {"raw": {"language": "text"}}}},
        "urlencoded": {"body": {"mode": "urlencoded", "urlencoded": fields}},
        "formdata": {
            "body": {"mode": "formdata", "formdata": [each | {"key": unquoted(each["key"])} for each in fields]}
        },
    }[kind]


def unquoted(name: str) -> str:
    """A form's field as both write it: newman leaves a quote as it is, which ends the name."""
    return name.translate(dict.fromkeys(map(ord, '"\\\n'), "q"))


@pytest.fixture(scope="module")
def collections() -> list[dict]:
    chance = random.Random(SEED)
    made = [request(chance, number) for number in range(sized(1_000, 20_000))]
    parts = [made[start : start + TOGETHER] for start in range(0, len(made), TOGETHER)]
    return [collection(*part, variables=VARIABLES) for part in parts]


def test_a_random_request_is_sent_as_newman_sends_it(collections: list[dict], tmp_path: Path):
    for made, expected in zip(collections, theirs(collections, tmp_path), strict=True):
        seen = ours(made, tmp_path)
        for number, (one, other) in enumerate(zip(expected.requests, seen.requests, strict=False)):
            assert other == one, f"SEED={SEED}: {json.dumps(made['item'][number]['request'], ensure_ascii=False)}"
        assert seen == expected, f"SEED={SEED}"
