"""What no smoke test can do is told before anything is sent."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from slipway.environment import ROOT
from slipway.errors import VerificationError
from slipway.smoke import collection as postman
from slipway.smoke import run as smoke
from slipway.smoke.limits import limits
from tests.support.postman import ask, auth, collection, folder, post
from tests.support.shop import opened


@pytest.mark.parametrize(
    ("made", "sentence"),
    [
        (collection(ask("x", "/a", "//\nif (a {\n}")), "x: line 2: SyntaxError"),
        (collection(ask("x", "/a"), before="for (;"), "the collection: line 1: SyntaxError"),
        (collection(folder("f", ask("x", "/a"), test="}")), "f: line 1: SyntaxError"),
        (collection(ask("x", "/a", "const moment = require('moment');")), "x: line 1: the library moment"),
        (collection(ask("x", "/a", "//\nconst h = CryptoJS.SHA256('a');")), "x: line 2: the library CryptoJS"),
        (collection(ask("x", "/a", "_.get({}, 'a');")), "x: line 1: the library _"),
        (collection(ask("x", "/a", "pm.cookies.jar().set('a');")), "x: line 1: the library pm.cookies.jar"),
        (collection(ask("x", "/a", auth=auth("awsv4", accessKey="1"))), "x: authorization of type awsv4"),
        (collection(ask("x", "/a"), auth=auth("hawk")), "sound: authorization of type hawk"),
        (collection(ask("x", "/a", auth=auth("oauth2", tokenUrl="u"))), "x: authorization of type oauth2 without"),
        (collection(post("x", "/a", body={"mode": "binary"})), "x: a body of mode binary"),
        (collection(post("x", "/a", body={"mode": "file", "file": {"src": "gone.bin"}})), "x: no file gone.bin"),
        (
            collection(
                post("x", "/a", body={"mode": "formdata", "formdata": [{"key": "f", "type": "file", "src": "g"}]})
            ),
            "x: no file g",
        ),
        (collection(ask("x", "/a?b={{$randomUnicorn}}")), "x: {{$randomUnicorn}}"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_sent(tmp_path: Path, made: dict, sentence: str):
    made["item"].insert(0, ask("sound", "/b"))
    path = tmp_path / "collection.json"
    path.write_text(json.dumps(made))
    with opened() as shop, pytest.raises(VerificationError) as caught:
        smoke.run(path, shop.url, {})
    assert caught.value.found.startswith(f"not understood: {sentence}") and shop.asked == []


@pytest.mark.parametrize(
    "script",
    [
        "// moment().add(1)\n/* CryptoJS.MD5 */ const text = \"_.get\" + 'require(x)';",
        "const _ = { get: (a, b) => a[b] };\n_.get({ a: 1 }, 'a');",
        "const moment = (x) => x; moment(1);",
        "const body = { _id: 1 }; body._id.toFixed(); pm.expect(body.Buffer).to.be.undefined;",
        "pm.visualizer.set('<b></b>');",
    ],
)
def test_words_in_comments_texts_and_names_of_ones_own_are_no_libraries(tmp_path: Path, script: str):
    path = tmp_path / "collection.json"
    path.write_text(json.dumps(collection(ask("x", "/a", script))))
    assert limits(postman.read(path), tmp_path) == []


def test_the_collection_that_ships_can_be_done():
    path = ROOT / "tests" / "smoke" / "postman_collection.json"
    assert limits(postman.read(path), path.parent) == []
