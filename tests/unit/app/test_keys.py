"""The keys in the settings: table of input and sentence, and what is published of them."""

from __future__ import annotations

import base64
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from hypothesis import given
from hypothesis import strategies as st
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.support.fuzzing import fuzz

sys.path.insert(0, str(Path(__file__).parents[3] / "app"))

from backend.adapters.keys import jwks, read

SECRET = "super-secret-jwt-token-with-at-least-32-characters"
PAIR = ec.generate_private_key(ec.SECP256R1())
RSA_PAIR = rsa.generate_private_key(65537, 2048)


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def ec_jwk(key: Any = PAIR, **more: Any) -> dict[str, Any]:
    return {**ECAlgorithm.to_jwk(key, as_dict=True), "kid": "new", **more}


def rsa_jwk(key: Any = None, **more: Any) -> dict[str, Any]:
    return {**RSAAlgorithm.to_jwk(key or RSA_PAIR.public_key(), as_dict=True), "kid": "old-rsa", **more}


def without(jwk: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in jwk.items() if name not in names}


def listed(*jwk: Any) -> str:
    return json.dumps({"keys": jwk})


OCT = {"kty": "oct", "kid": "old-secret", "k": b64(b"o" * 32)}
OTHER = ec.generate_private_key(ec.SECP256R1())

WRONG = {
    "nothing": ((None, None, None), "Neither JWT_SECRET nor JWT_SIGNING_KEY"),
    "a short secret": (("5ecreT" * 5, None, None), "JWT_SECRET has 30 bytes, expected at least 32"),
    "a secret that is a PEM": (("-----BEGIN PUBLIC KEY-----\n" + "5ecreT" * 9, None, None), "PEM"),
    "a signing key in PEM": ((SECRET, "-----BEGIN 5ecreT", None), "JWT_SIGNING_KEY is no JSON object"),
    "a signing key that is a list": ((SECRET, '["5ecreT"]', None), "JWT_SIGNING_KEY is no JSON object"),
    "a public signing key": ((SECRET, json.dumps(ec_jwk(PAIR.public_key())), None), "no private EC key"),
    "an RSA signing key": ((SECRET, json.dumps(rsa_jwk(RSA_PAIR)), None), "no private EC key"),
    "a signing key without an id": ((SECRET, json.dumps(without(ec_jwk(), "kid")), None), 'no "kid"'),
    "a signing key on P-384": ((None, json.dumps(ec_jwk(ec.generate_private_key(ec.SECP384R1()))), None), "P-256"),
    "a signing key without x": ((None, json.dumps(without(ec_jwk(), "x")), None), "numbers of the key are missing"),
    "a private number of another": ((None, json.dumps(ec_jwk(d=ec_jwk(OTHER)["d"])), None), "numbers of the key"),
    "a point off the curve": ((None, json.dumps(ec_jwk(x=b64(b"5ecreT" + bytes(26)))), None), "numbers of the key"),
    "numbers that are none": ((None, json.dumps(ec_jwk(x=["5ecreT"])), None), "numbers of the key"),
    "an id that is a number": ((SECRET, None, listed({**OCT, "kid": 7})), 'key 1: "kid" is no text'),
    "keys that are no JWKS": ((SECRET, None, json.dumps(OCT)), "JWT_VERIFY_KEYS is no JWKS"),
    "keys that are texts": ((SECRET, None, listed("5ecreT")), "JWT_VERIFY_KEYS is no JWKS"),
    "an oct of 31 bytes": ((SECRET, None, listed({**OCT, "k": b64(b"5" * 31)})), 'key 1: "k" has 31 bytes'),
    "an oct without k": ((SECRET, None, listed({"kty": "oct"})), "numbers of the key"),
    "an RSA key of 1024 bits": (
        (SECRET, None, listed(OCT, rsa_jwk(rsa.generate_private_key(65537, 1024).public_key()))),
        "key 2: the RSA key has 1024 bits",
    ),
    "another algorithm": ((SECRET, None, listed(rsa_jwk(alg="PS256"))), 'expected "alg" RS256'),
    "a key to encrypt with": ((SECRET, None, listed(rsa_jwk(use="enc"))), '"use" sig'),
    "Ed25519": (
        (SECRET, None, listed({"kty": "OKP", "crv": "Ed25519", "x": "5ecreT"})),
        '"kty" is none of EC, RSA, oct',
    ),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_mistake_is_named_and_no_secret_quoted(wrong: str) -> None:
    settings, told = WRONG[wrong]
    with pytest.raises(ValueError) as refusal:
        read(*settings)
    sentence = str(refusal.value)
    assert told in sentence and "5ecreT" not in sentence and sentence.endswith(".") and len(sentence) < 200
    assert refusal.value.__suppress_context__ or refusal.value.__context__ is None


def test_the_signing_key_signs_and_the_secret_is_still_accepted() -> None:
    keys = read(SECRET, json.dumps(ec_jwk()), listed(rsa_jwk(), OCT))
    assert (keys.signing.algorithm, keys.signing.kid) == ("ES256", "new")
    assert [key.algorithm for key in keys.accepted] == ["ES256", "HS256", "RS256", "HS256"]
    assert read(SECRET).signing.algorithm == "HS256" and read(None, json.dumps(ec_jwk())).signing.kid == "new"


def test_only_public_numbers_are_published() -> None:
    private = rsa_jwk(RSA_PAIR)
    keys = read(SECRET, json.dumps(ec_jwk(key_ops=["sign"])), listed(private, OCT, ec_jwk(kid="again"), ec_jwk()))
    published = jwks(keys)["keys"]
    assert [(key["kid"], key["alg"]) for key in published] == [
        ("new", "ES256"),
        ("old-rsa", "RS256"),
        ("again", "ES256"),
    ]
    allowed = {"kty", "crv", "x", "y", "n", "e", "kid", "alg", "use", "key_ops"}
    assert all(set(key) <= allowed and key["key_ops"] == ["verify"] for key in published)
    assert jwks(read(SECRET)) == {"keys": []}


def test_what_was_published_can_be_read_again_as_keys_to_verify_with() -> None:
    keys = read(SECRET, json.dumps(ec_jwk()), listed(rsa_jwk()))
    assert jwks(read(SECRET, None, json.dumps(jwks(keys)))) == jwks(keys)


def test_no_key_is_in_the_text_of_the_keys() -> None:
    told = repr(read(SECRET, json.dumps(ec_jwk()), listed(OCT)))
    assert SECRET not in told and ec_jwk()["d"] not in told and OCT["k"] not in told


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda kids: st.lists(kids) | st.dictionaries(st.text(), kids),
)
JWK = st.fixed_dictionaries(
    {"kty": st.sampled_from(["EC", "RSA", "oct", "OKP", 1])},
    optional={name: JSON for name in ("crv", "x", "y", "d", "k", "n", "e", "kid", "alg", "use")}
    | {"crv": st.just("P-256")},
)


@fuzz()
@given(JWK | JSON, st.booleans())
def test_any_json_is_keys_or_a_sentence(jwk: Any, signs: bool) -> None:
    try:
        read(SECRET, json.dumps(jwk), None) if signs else read(SECRET, None, listed(jwk))
    except ValueError as refusal:
        assert str(refusal).startswith("JWT_")
