"""Names of objects, pages by name, and byte ranges: tables and random inputs."""

from __future__ import annotations

import pytest
from backend.domain import object_names
from backend.domain.errors import BadQuery, Invalid
from backend.domain.object_names import NoSuchSpan, Span, checked, name_of, span, token
from backend.domain.objects import Bucket, NewUpload, check_limits, fits, key_of, part_length, part_size
from hypothesis import given
from hypothesis import strategies as st

from tests.support.fuzzing import fuzz

MIB = 1024**2


@pytest.mark.parametrize("name", ["a", "a/b", "a b", "ä", "%2F", "...", ".hidden", "a/..b", "x" * 255, "\U0001f600"])
def test_a_plain_name_is_taken(name: str) -> None:
    checked("files", name)


@pytest.mark.parametrize(
    ("bucket", "name"),
    [
        ("files", ""),
        ("files", "/"),
        ("files", "/a"),
        ("files", "a/"),
        ("files", "a//b"),
        ("files", "."),
        ("files", "a/../b"),
        ("files", "a\0"),
        ("files", "a\n"),
        ("files", "\x85"),
        ("files", "\ud800"),
        ("files", "\ufffd"),
        ("files", "ä" * 128),
        ("files", "/".join(["x" * 200] * 5)),
        ("", "a"),
        ("..", "a"),
        ("a/b", "a"),
        ("x" * 101, "a"),
    ],
)
def test_a_name_that_a_store_could_take_for_another_is_refused(bucket: str, name: str) -> None:
    with pytest.raises(Invalid):
        checked(bucket, name)


@fuzz()
@given(st.text(), st.text())
def test_two_names_that_are_taken_never_have_one_key(one: str, other: str) -> None:
    for name in (one, other):
        try:
            checked("files", name)
        except Invalid:
            return
    key = key_of("files", one, "v")
    assert (key == key_of("files", other, "v")) == (one == other)
    assert len(key_of("files", one, "0" * 36).encode()) <= 1024 and ".." not in key.split("/")


@fuzz()
@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_the_token_of_a_page_gives_its_name_back(name: str) -> None:
    assert name_of(token(name)) == name


@pytest.mark.parametrize("text", ["*", "a", "ä", "AA", "_w", "a b"])
def test_another_token_is_refused(text: str) -> None:
    with pytest.raises(BadQuery):
        name_of(text)


@pytest.mark.parametrize(
    ("header", "size", "found"),
    [
        (None, 10, None),
        ("bytes=0-", 10, Span(0, 9)),
        ("bytes=3-5", 10, Span(3, 5)),
        ("bytes=3-99", 10, Span(3, 9)),
        ("bytes=-3", 10, Span(7, 9)),
        ("bytes=-99", 10, Span(0, 9)),
        ("bytes=5-3", 10, None),
        ("bytes=-", 10, None),
        ("bytes=0-1,3-4", 10, None),
        ("bytes=٣-", 10, None),
        ("bytes=0-", 0, None),
    ],
)
def test_a_range_is_read(header: str | None, size: int, found: Span | None) -> None:
    assert span(header, size) == found


@pytest.mark.parametrize("header", ["bytes=10-", "bytes=99-100", "bytes=-0"])
def test_a_range_behind_the_end_is_none(header: str) -> None:
    with pytest.raises(NoSuchSpan):
        span(header, 10)


@fuzz()
@given(st.text(), st.integers(0, 2**40))
def test_a_range_is_always_inside(header: str, size: int) -> None:
    for each in (header, f"bytes={header}"):
        try:
            found = span(each, size)
        except NoSuchSpan:
            continue
        assert found is None or 0 <= found.first <= found.last < size


@fuzz()
@given(st.integers(0, 5 * 1024**4))
def test_parts_are_the_whole_and_not_more_than_10000(size: int) -> None:
    count = max(1, -(-size // part_size(size)))
    assert count <= 10_000 and part_size(size) >= 5 * MIB
    assert part_size(size) * (count - 1) + part_length(size, count) == size
    for number in (0, count + 1):
        with pytest.raises(Invalid):
            part_length(size, number)


@pytest.mark.parametrize(
    ("told", "kind", "fit"),
    [
        ("image/png", "image/*", True),
        ("image/png; x=1", "image/png", True),
        ("IMAGE/PNG", "image/png", True),
        ("image/png", "*/*", True),
        ("imagex/png", "image/*", False),
        ("image/png", "image/jpeg", False),
    ],
)
def test_a_content_type_fits_what_a_bucket_takes(told: str, kind: str, fit: bool) -> None:
    assert fits(told, kind) is fit


@pytest.mark.parametrize(("size", "kind", "ok"), [(5, "image/png", True), (6, "image/png", False), (5, "a/b", False)])
def test_a_bucket_has_limits(size: int, kind: str, ok: bool) -> None:
    bucket = Bucket("b", "b", False, 5, ["image/*"], None, None)  # type: ignore[arg-type]
    try:
        check_limits(NewUpload("b", "x", size, kind), bucket)
        assert ok
    except Invalid:
        assert not ok
    with pytest.raises(Invalid):
        check_limits(NewUpload("b", "x", object_names.KEY_BYTES * 1024**4), bucket)
