"""`.env` files of any bytes: each value as it stands between its quotes, or a clear refusal."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from slipway.config import envfile
from slipway.errors import SettingsError
from tests.support.fuzzing import INPUTS, assert_clear, fuzz

KEYS = [
    "APP_COMMAND",
    "PROJECT",
    "REDIS_PASSWORD",
    "APP_ENV_A",
    "APP_ENV_b1",
    "PORJECT",
    "APP_ENV_",
    "A B",
    "",
    "'PROJECT'",
]
SECRET = "s3cr3t" * 11
PIECES = st.sampled_from(
    ["a", SECRET, " ", "\t", "#", " #", "'", '"', "\\", "\\n", "\\'", '\\"', "$HOME", "${X}", "=", "\n", "\r\n", "\r",
     "\0", "\ufeff", "é", "\u2028", "\u00a0", "\x0b", "\x0c", "\x85", "\x1c", "`", "export ", ";", "\x1b"]
)  # fmt: skip
TEXTS = st.lists(PIECES, max_size=6).map("".join)
LINES = st.one_of(
    st.builds(
        "{}{}{}={}{}".format,
        st.sampled_from(["", "", " ", "export ", "export\t", "\ufeff"]),
        st.sampled_from(KEYS),
        st.sampled_from(["", "", " "]),
        st.sampled_from(["", "", " "]),
        st.one_of(TEXTS, TEXTS.map("'{}'".format), TEXTS.map('"{}"'.format), TEXTS.map("'{}' # c".format)),
    ),
    TEXTS.map("# {}".format),
    TEXTS,
)
FILES = st.builds(
    lambda lines, end, mark: mark + end.join(lines) + end,
    st.lists(LINES, max_size=4),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.sampled_from(["", "", "\ufeff"]),
)
ENDS = re.compile("\r\n|\r|\n")
WHITE = " \t"


def literal(text: str) -> dict[str, str] | None:
    """The values of a file by the rules that .env.example and docs tell, or None where it is no such file."""
    found: dict[str, str] = {}
    text = ENDS.sub("\n", text.removeprefix("\ufeff").removeprefix("\ufeff"))
    while text:
        text = text.lstrip()
        if not text or re.match(r"(?:export\s+)?#", text):
            text = text.partition("\n")[2]
            continue
        head = re.match(r"(?:export[ \t]+)?'?([A-Z_a-z][A-Z_a-z0-9]*)'?[ \t]*=", text)
        if not head:
            return None
        text = text[head.end() :]
        quoted = re.match(r"[ \t]*(?:'((?:[^'\\]|\\.)*)'|\"((?:[^\"\\]|\\.)*)\")", text, re.DOTALL)
        if text.lstrip(WHITE)[:1] in ("'", '"'):
            if not quoted:
                return None
            value = re.sub(r"\\([\\'])" if quoted[2] is None else r"\\([\\'\"])", r"\1", quoted[1] or quoted[2] or "")
            rest, _, text = text[quoted.end() :].partition("\n")
            if rest.strip(WHITE) and not rest.lstrip(WHITE).startswith("#"):
                return None
        else:
            line, _, text = text.partition("\n")
            value = re.split(r"[ \t]#", line)[0].strip(WHITE)
        found[head[1]] = value
    return found


@pytest.fixture(scope="module")
def path(tmp_path_factory) -> Path:
    return tmp_path_factory.mktemp("env") / ".env"


def entries(path: Path, content: bytes) -> dict[str, str] | None:
    """What is read from a file of these bytes; None where it is refused, which must be in a clear sentence."""
    path.write_bytes(content)
    try:
        return {key: entry.value for key, entry in envfile.read(path).items()}
    except SettingsError as error:
        assert_clear(error, SECRET)
        assert error.where.startswith(".env")
        return None


@fuzz(INPUTS * 3 // 4)
@given(FILES)
def test_every_value_of_a_file_is_taken_as_it_stands_or_the_file_is_refused(path: Path, text: str):
    found = entries(path, text.encode())
    if found is not None:
        assert found == literal(text)


@fuzz(INPUTS // 4)
@given(st.binary(max_size=60).map(lambda tail: b"PROJECT=a\n" + tail))
@example(b"\xff\xfeP\0")
def test_any_bytes_are_a_file_of_settings_or_refused_clearly(path: Path, content: bytes):
    entries(path, content)
