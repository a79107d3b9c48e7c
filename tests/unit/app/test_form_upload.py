"""Forms with a file, in chunks of any size: the file comes out whole, or nothing does."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from itertools import pairwise

import pytest
from backend.adapters.http.form_upload import Form, boundary_of, opened
from hypothesis import given
from hypothesis import strategies as st
from starlette.exceptions import HTTPException

from tests.support.fuzzing import fuzz

BORDER = b"--x"
FILE = b'Content-Disposition: form-data; name=""; filename="a.png"\r\nContent-Type: image/png\r\n\r\n'


def body(content: bytes, fields: dict[str, str], after: bytes = b"") -> bytes:
    """A form as browsers send it."""
    told = b"".join(
        b"--%s\r\nContent-Disposition: form-data; name=%s\r\n\r\n%s\r\n" % (BORDER, key.encode(), value.encode())
        for key, value in fields.items()
    )
    return told + b"--%s\r\n" % BORDER + FILE + content + after + b"\r\n--%s--\r\n" % BORDER


def read(raw: bytes, cuts: list[int], total: int | None = None) -> tuple[Form, bytes]:
    """The form and its file, of a body that comes in pieces."""

    async def pieces() -> AsyncIterator[bytes]:
        places = sorted({min(each, len(raw)) for each in cuts} | {0, len(raw)})
        for start, end in pairwise(places):
            yield raw[start:end]

    async def all_of_it() -> tuple[Form, bytes]:
        form, file = await opened(pieces(), BORDER, len(raw) if total is None else total)
        return form, b"".join([chunk async for chunk in file])

    return asyncio.run(all_of_it())


def test_a_form_of_many_fields_is_refused_before_they_cost_much() -> None:
    assert len(read(body(b"x", {str(number): "" for number in range(10)}), [])[0].fields) == 10
    with pytest.raises(HTTPException):
        read(body(b"x", {str(number): "" for number in range(11)}), [])


CONTENT = st.lists(st.sampled_from([b"a", b"\r\n", b"--", b"x", b"\r\n--", b"-", b"\0"]), max_size=30).map(b"".join)


@fuzz(500)
@given(CONTENT, st.lists(st.integers(0, 400), max_size=12))
def test_the_file_comes_out_as_it_went_in_however_it_is_cut(content: bytes, cuts: list[int]) -> None:
    raw = body(content, {"cacheControl": "3600"})
    if b"\r\n--" + BORDER in content:
        with pytest.raises(HTTPException):
            read(raw, cuts)
        return
    form, found = read(raw, cuts)
    assert (form.fields, form.content_type) == ({"cacheControl": "3600"}, "image/png")
    assert found == content and form.length == len(content)


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"--",
        body(b"abc", {})[1:],
        body(b"abc", {})[:-3],
        body(b"abc", {}) + b"more",
        body(b"abc", {}, b"\r\n--%s\r\nContent-Disposition: form-data; name=b\r\n\r\nx" % BORDER),
        body(b"abc", {"big": "x" * 70_000}),
        b"--%s\r\nContent-Disposition: form-data; name=a\r\n\r\nx\r\n--%s--\r\n" % (BORDER, BORDER),
    ],
)
@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_form_that_is_not_what_it_should_be_is_refused(raw: bytes, size: int) -> None:
    with pytest.raises(HTTPException):
        read(raw, list(range(0, len(raw), size)) if len(raw) < 5000 else [])


@fuzz(500)
@given(st.binary(max_size=300), st.lists(st.integers(0, 300), max_size=5))
def test_noise_is_refused_and_nothing_else_happens(raw: bytes, cuts: list[int]) -> None:
    with pytest.raises(HTTPException):
        read(raw, cuts)


@pytest.mark.parametrize(
    ("told", "found"),
    [
        ("multipart/form-data; boundary=abc", b"abc"),
        ('multipart/form-data; boundary="a b"', b"a b"),
        ("multipart/form-data", None),
        ("text/plain; boundary=abc", None),
        ("", None),
        ("multipart/form-data; boundary=" + "x" * 71, None),
    ],
)
def test_the_boundary_is_that_of_the_header(told: str, found: bytes | None) -> None:
    assert boundary_of(told) == found
