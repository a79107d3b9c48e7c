"""Refresh tokens of Supabase's newer form: told from everything else, and from those that another key has signed."""

from __future__ import annotations

from uuid import UUID

from backend.domain import signed_tokens
from hypothesis import given
from hypothesis import strategies as st

from tests.support.campaign import sized
from tests.support.fuzzing import fuzz
from tests.support.supabase import tokens


@fuzz(sized(200, 20_000))
@given(session=st.uuids(), counter=st.integers(0, 2**63 - 1))
def test_a_token_is_read_as_it_was_made_and_fits_its_key_alone(session: UUID, counter: int) -> None:
    read = signed_tokens.parse(tokens.signed(str(session), counter))
    assert read and (read.session, read.counter) == (session, counter)
    assert read.fits(tokens.SIGNING_KEY)
    for key in (tokens.SIGNING_KEY[::-1], "", "{}", "é", '{"key_id": "k", "alg": "aes-gcm-hkdf"}'):
        assert not read.fits(key)


@fuzz(sized(200, 20_000))
@given(place=st.integers(0, 41), bit=st.integers(0, 7))
def test_a_token_that_was_changed_in_one_bit_is_none(place: int, bit: int) -> None:
    raw = bytearray(signed_tokens.decoded(tokens.signed()))
    place %= len(raw)
    raw[place] ^= 1 << bit
    changed = tokens.base64.urlsafe_b64encode(bytes(raw)).decode().rstrip("=")
    read = signed_tokens.parse(changed)
    assert read is None or not read.fits(tokens.SIGNING_KEY)


@fuzz(sized(500, 50_000))
@given(st.text() | st.from_regex("[A-Za-z0-9_-]{0,80}", fullmatch=True))
def test_any_other_text_is_no_such_token(text: str) -> None:
    assert signed_tokens.parse(text) is None
