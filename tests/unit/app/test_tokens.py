"""Access tokens: good ones pass, forged ones of every known kind do not."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import example, given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.support.campaign import sized
from tests.support.fuzzing import fuzz

sys.path.insert(0, str(Path(__file__).parents[3] / "app"))

from backend.adapters.keys import Keys, read
from backend.adapters.tokens import Reason, TokenRefused, sign, verify

SECRET = "super-secret-jwt-token-with-at-least-32-characters"
OLD = b"an old secret that is 32 bytes at least"
PAIR, FOREIGN = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
RSA_PAIR = rsa.generate_private_key(65537, 2048)
ISSUER, BEFORE = "https://shop.example/auth/v1", "https://abc.supabase.co/auth/v1"
TIME = 1_790_000_000
CLAIMS = {"iss": ISSUER, "sub": "5be", "aud": "authenticated", "iat": TIME, "exp": TIME + 3600, "email": "ä@ex.com"}


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


NEW_JWK = {**ECAlgorithm.to_jwk(PAIR, as_dict=True), "kid": "new"}
RSA_JWK = {**RSAAlgorithm.to_jwk(RSA_PAIR.public_key(), as_dict=True), "kid": "old-rsa"}
OCT_JWK = {"kty": "oct", "kid": "old-secret", "k": b64(OLD)}
KEYS = read(SECRET, json.dumps(NEW_JWK), json.dumps({"keys": [RSA_JWK, OCT_JWK]}))
SHARED = read(SECRET)


def check(token: str, now: float = TIME, keys: Keys = KEYS) -> dict[str, Any]:
    return verify(keys, token, (ISSUER, BEFORE), "authenticated", datetime.fromtimestamp(now, UTC))


def refused(token: str, now: float = TIME, keys: Keys = KEYS) -> Reason:
    with pytest.raises(TokenRefused) as refusal:
        check(token, now, keys)
    assert str(refusal.value).startswith("The access token")
    return refusal.value.reason


def made(key: Any, algorithm: str, claims: dict[str, Any] = CLAIMS, **header: Any) -> str:
    return jwt.encode(claims, key, algorithm=algorithm, headers=header)


def by_hand(header: dict[str, Any], key: bytes, payload: bytes | None = None) -> str:
    """A token that no library would make: HMAC-SHA256 over whatever the header says."""
    words = f"{b64(json.dumps(header).encode())}.{b64(json.dumps(CLAIMS).encode() if payload is None else payload)}"
    return f"{words}.{b64(hmac.digest(key, words.encode(), hashlib.sha256))}"


GOOD = {
    "the new key": lambda: sign(KEYS, CLAIMS),
    "the secret alone": lambda: sign(SHARED, CLAIMS),
    "Supabase's secret with an id of its own": lambda: made(SECRET, "HS256", kid="dashboard"),
    "an old RSA key": lambda: made(RSA_PAIR, "RS256", kid="old-rsa"),
    "an old secret": lambda: made(OLD, "HS256", kid="old-secret"),
    "the issuer before": lambda: made(SECRET, "HS256", CLAIMS | {"iss": BEFORE}),
    "a list of audiences": lambda: made(SECRET, "HS256", CLAIMS | {"aud": ["other", "authenticated"]}),
    "times that are no whole numbers": lambda: made(SECRET, "HS256", CLAIMS | {"exp": TIME + 0.5, "nbf": TIME - 0.5}),
    "issued in the future": lambda: made(SECRET, "HS256", CLAIMS | {"iat": TIME + 9}),
}


@pytest.mark.parametrize("good", GOOD)
def test_a_good_token_gives_its_claims(good: str) -> None:
    assert check(GOOD[good]())["email"] == "ä@ex.com"


def test_a_token_says_what_signed_it() -> None:
    assert jwt.get_unverified_header(sign(KEYS, CLAIMS)) == {"alg": "ES256", "typ": "JWT", "kid": "new"}
    assert jwt.get_unverified_header(sign(SHARED, CLAIMS)) == {"alg": "HS256", "typ": "JWT"}


PUBLIC_PEM = [
    key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo) for key in (PAIR, RSA_PAIR)
]
PUBLIC_TEXTS = [*PUBLIC_PEM, *(json.dumps(jwk).encode() for jwk in (RSA_JWK, NEW_JWK)), b""]
CRITICAL = {"alg": "HS256", "crit": ["b64"], "b64": False}

FORGED = {
    "no algorithm": (jwt.encode(CLAIMS, None, algorithm="none"), Reason.UNKNOWN_KEY),
    "no algorithm in capitals": (by_hand({"alg": "NONE"}, b""), Reason.UNKNOWN_KEY),
    "no algorithm with the id of a key": (by_hand({"alg": "none", "kid": "new"}, b""), Reason.UNKNOWN_KEY),
    "an algorithm that is a list": (by_hand({"alg": ["HS256"]}, SECRET.encode()), Reason.UNKNOWN_KEY),
    "a header without an algorithm": (by_hand({"typ": "JWT"}, SECRET.encode()), Reason.UNKNOWN_KEY),
    "another hash": (made(SECRET, "HS384"), Reason.UNKNOWN_KEY),
    "another padding": (made(RSA_PAIR, "PS256", kid="old-rsa"), Reason.UNKNOWN_KEY),
    "a foreign key with our id": (made(FOREIGN, "ES256", kid="new"), Reason.SIGNATURE),
    "a foreign key with its id": (made(FOREIGN, "ES256", kid="foreign"), Reason.UNKNOWN_KEY),
    "a foreign key without an id": (made(FOREIGN, "ES256"), Reason.UNKNOWN_KEY),
    "a foreign key that brings itself": (
        made(FOREIGN, "ES256", jwk=ECAlgorithm.to_jwk(FOREIGN.public_key(), as_dict=True), kid="new"),
        Reason.SIGNATURE,
    ),
    "a foreign secret": (made("x" * 40, "HS256"), Reason.SIGNATURE),
    "a foreign secret with an id": (made("x" * 40, "HS256", kid="foreign"), Reason.SIGNATURE),
    "the id of another secret": (made(SECRET, "HS256", kid="old-secret"), Reason.SIGNATURE),
    "an old secret without its id": (made(OLD, "HS256"), Reason.SIGNATURE),
    "an id that is a number": (by_hand({"alg": "HS256", "kid": 1}, SECRET.encode()), Reason.MALFORMED),
    "an unknown extension": (by_hand({"alg": "HS256", "crit": ["exp"], "exp": 1}, SECRET.encode()), Reason.MALFORMED),
    "a known extension": (by_hand(CRITICAL, SECRET.encode()), Reason.MALFORMED),
    "a known extension and no payload": (by_hand(CRITICAL, SECRET.encode(), b""), Reason.MALFORMED),
    "extensions that are none": (by_hand({"alg": "HS256", "crit": []}, SECRET.encode()), Reason.MALFORMED),
    "a payload that is no object": (by_hand({"alg": "HS256"}, SECRET.encode(), b"[1]"), Reason.MALFORMED),
    "a payload that is no JSON": (by_hand({"alg": "HS256"}, SECRET.encode(), b"\xff"), Reason.MALFORMED),
    "a deep payload": (by_hand({"alg": "HS256"}, SECRET.encode(), b"[" * 40_000), Reason.MALFORMED),
    "a deep header": (f"{b64(b'[' * 40_000)}.e30.AA", Reason.MALFORMED),
    "a token without end": ("e30." + "A" * 70_000 + ".AA", Reason.MALFORMED),
    "letters of another alphabet": ("ä.ö.ü", Reason.MALFORMED),
    "half of a surrogate pair": ("\ud800.a.b", Reason.MALFORMED),
}


@pytest.mark.parametrize("forged", FORGED)
def test_a_forged_token_is_refused_with_its_reason(forged: str) -> None:
    token, reason = FORGED[forged]
    assert refused(token) is reason


@pytest.mark.parametrize("kid", [None, "new", "old-rsa"])
@pytest.mark.parametrize("public", PUBLIC_TEXTS, ids=range(len(PUBLIC_TEXTS)))
def test_a_public_key_is_no_secret(public: bytes, kid: str | None) -> None:
    named = {"kid": kid} if kid else {}
    assert refused(by_hand({"alg": "HS256", **named}, public)) is Reason.SIGNATURE
    only = read(None, json.dumps(NEW_JWK), json.dumps({"keys": [RSA_JWK]}))
    assert refused(by_hand({"alg": "HS256", **named}, public), keys=only) is Reason.UNKNOWN_KEY


CLAIMED = [
    ({"exp": None}, Reason.MALFORMED),
    ({"exp": True}, Reason.MALFORMED),
    ({"exp": str(TIME + 9)}, Reason.MALFORMED),
    ({"exp": float("nan")}, Reason.MALFORMED),
    ({"exp": float("inf")}, Reason.MALFORMED),
    ({"exp": TIME}, Reason.EXPIRED),
    ({"exp": -(10**400)}, Reason.EXPIRED),
    ({"nbf": TIME + 1}, Reason.NOT_YET),
    ({"nbf": "later"}, Reason.MALFORMED),
    ({"sub": None}, Reason.MALFORMED),
    ({"sub": ""}, Reason.MALFORMED),
    ({"sub": 7}, Reason.MALFORMED),
    ({"iss": None}, Reason.ISSUER),
    ({"iss": ["x"]}, Reason.ISSUER),
    ({"iss": ISSUER + "/"}, Reason.ISSUER),
    ({"iss": ISSUER[:-1]}, Reason.ISSUER),
    ({"aud": None}, Reason.AUDIENCE),
    ({"aud": []}, Reason.AUDIENCE),
    ({"aud": ["anon", 7]}, Reason.AUDIENCE),
    ({"aud": "authenticated2"}, Reason.AUDIENCE),
    ({"aud": {"authenticated": 1}}, Reason.AUDIENCE),
]


@pytest.mark.parametrize(("changed", "reason"), CLAIMED, ids=range(len(CLAIMED)))
def test_a_signed_token_with_a_wrong_claim_is_refused(changed: dict[str, Any], reason: Reason) -> None:
    claims = {name: value for name, value in (CLAIMS | changed).items() if value is not None}
    assert refused(by_hand({"alg": "HS256"}, SECRET.encode(), json.dumps(claims).encode())) is reason


def test_a_token_is_good_up_to_its_end_and_by_the_clock_that_is_passed() -> None:
    token = sign(KEYS, CLAIMS)
    assert check(token, TIME + 3599.9)
    assert refused(token, TIME + 3600) is Reason.EXPIRED


@fuzz()
@given(st.integers(0, 10_000), st.sampled_from("ABCxyz019-_.=+/\n é"), st.sampled_from(sorted(GOOD)))
def test_no_other_character_anywhere_leaves_other_claims(place: int, other: str, good: str) -> None:
    token = GOOD[good]()
    place %= len(token)
    changed = token[:place] + other + token[place + 1 :]
    # The last bits of base64 may be free.
    assert claims_or_none(changed) in (None, check(token))


def claims_or_none(token: str) -> dict[str, Any] | None:
    """What a token says, or None where it is refused."""
    try:
        return dict(check(token))
    except TokenRefused:
        return None


@fuzz()
@given(st.text() | st.binary().map(lambda data: f"{b64(data)}.{b64(data)}.{b64(data)}"))
@example("..")
def test_no_text_is_a_token(text: str) -> None:
    assert refused(text) in (Reason.MALFORMED, Reason.UNKNOWN_KEY)


@fuzz(sized(500, 50_000))
@given(
    st.dictionaries(
        st.text().filter(lambda name: name != "nbf"),  # which has a meaning
        st.none() | st.integers() | st.text(st.characters(exclude_categories=["Cs"])),
    )
)
def test_all_claims_come_back_whatever_they_are(more: dict[str, Any]) -> None:
    for keys in (KEYS, SHARED):
        assert check(sign(keys, more | CLAIMS)) == more | CLAIMS
