"""The keys of access tokens, read from the settings, and the public ones for others to verify with."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric import rsa
from jwt import PyJWK, algorithms
from jwt.exceptions import PyJWTError

SECRET_BYTES = 32  # RFC 7518: the key of HS256 has at least the size of its hash
RSA_BITS = 2048
ALGORITHMS = {"EC": "ES256", "RSA": "RS256", "oct": "HS256"}
PRIVATE = {"d", "p", "q", "dp", "dq", "qi", "oth"}


@dataclass(frozen=True)
class Key:
    """One key and the only algorithm that it is used with."""

    algorithm: str
    kid: str | None
    jwk: PyJWK = field(repr=False)

    @property
    def is_secret(self) -> bool:
        """Whether whoever verifies with it can sign with it too."""
        return self.algorithm == "HS256"


@dataclass(frozen=True)
class Keys:
    """The key that signs, and all that are accepted (the public half of the signing one is among them)."""

    signing: Key
    accepted: tuple[Key, ...]


def read(secret: str | None, signing_key: str | None = None, verify_keys: str | None = None) -> Keys:
    """The keys of the settings JWT_SECRET, JWT_SIGNING_KEY and JWT_VERIFY_KEYS; ValueError says what is wrong.

    The secret (HS256, perhaps that of a Supabase project) signs unless there is a signing key: a private P-256 JWK
    (ES256). The verify keys are a JWKS of further keys that old tokens may be signed with.
    """
    accepted = [shared(secret)] if secret else []
    signing = accepted[0] if accepted else None
    if signing_key:
        where = "JWT_SIGNING_KEY"
        jwk = parsed(where, signing_key)
        signing = private(where, jwk)
        accepted.insert(0, imported(where, jwk))
    if not signing:
        raise ValueError("Neither JWT_SECRET nor JWT_SIGNING_KEY is set, expected one of them to sign with.")
    if verify_keys:
        accepted += further("JWT_VERIFY_KEYS", verify_keys)
    return Keys(signing, tuple(accepted))


def jwks(keys: Keys) -> dict[str, Any]:
    """The JWKS to publish: every accepted key's public half, and no secret."""
    public = [public_jwk(key) for key in keys.accepted if not key.is_secret]
    return {"keys": [each for number, each in enumerate(public) if each not in public[:number]]}


def public_jwk(key: Key) -> dict[str, Any]:
    """The JWK of an asymmetric key, made from its public numbers only."""
    half = public_half(key.jwk.key)
    kind = algorithms.ECAlgorithm if key.algorithm == "ES256" else algorithms.RSAAlgorithm
    made: dict[str, Any] = kind.to_jwk(half, as_dict=True)
    named = {"kid": key.kid} if key.kid else {}
    return {**made, **named, "alg": key.algorithm, "use": "sig", "key_ops": ["verify"]}


def public_half(key: Any) -> Any:
    """The public key of `key`, which may be private or already public."""
    return key.public_key() if hasattr(key, "public_key") else key


def shared(secret: str) -> Key:
    """The HS256 key of a secret in text. Its characters are the key, also where they look like base64."""
    data = secret.encode()
    if len(data) < SECRET_BYTES:
        raise ValueError(f"JWT_SECRET has {len(data)} bytes, expected at least {SECRET_BYTES}.")
    if secret.lstrip().startswith("-----BEGIN"):
        raise ValueError("JWT_SECRET is a PEM file, expected a random text; put a key pair into JWT_SIGNING_KEY.")
    text = base64.urlsafe_b64encode(data).rstrip(b"=").decode()
    return imported("JWT_SECRET", {"kty": "oct", "k": text})


def further(where: str, text: str) -> list[Key]:
    """The keys of a JWKS in JSON."""
    entries = parsed(where, text).get("keys")
    if not isinstance(entries, list) or not all(isinstance(each, dict) for each in entries):
        raise ValueError(f'{where} is no JWKS, expected {{"keys": [...]}} with an object for each key.')
    return [imported(f"{where}, key {number}", each) for number, each in enumerate(entries, 1)]


def private(where: str, jwk: Mapping[str, Any]) -> Key:
    """The key pair of a private P-256 JWK that has an id."""
    if jwk.get("kty") != "EC" or not jwk.get("d"):
        raise ValueError(f'{where} is no private EC key, expected a JWK with "kty": "EC" and "d".')
    if not jwk.get("kid"):
        raise ValueError(f'{where} has no "kid", expected a name that no other key has; verifiers find keys by it.')
    return checked(where, jwk)


def imported(where: str, jwk: Mapping[str, Any]) -> Key:
    """The accepted key of a JWK; of a private one only the public half is kept."""
    return checked(where, {name: value for name, value in jwk.items() if name not in PRIVATE})


def checked(where: str, jwk: Mapping[str, Any]) -> Key:
    """The key of `jwk` when its kind, algorithm and size are those that are used here, else ValueError."""
    algorithm = ALGORITHMS.get(str(jwk.get("kty")))
    if not algorithm:
        raise ValueError(f'{where}: "kty" is none of {", ".join(ALGORITHMS)}.')
    if jwk.get("alg", algorithm) != algorithm or jwk.get("use", "sig") != "sig":
        raise ValueError(f'{where}: expected "alg" {algorithm} and "use" sig, or neither.')
    kid = jwk.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise ValueError(f'{where}: "kid" is no text.')
    if algorithm == "ES256" and jwk.get("crv") != "P-256":
        raise ValueError(f'{where}: "crv" is not P-256, the only curve of ES256.')
    try:
        made = PyJWK(dict(jwk), algorithm)
        made.Algorithm.prepare_key(made.key)
    except (PyJWTError, ValueError, TypeError, AttributeError, LookupError):
        # The cause is left out: it may quote a part of the key.
        raise ValueError(f"{where}: the numbers of the key are missing or belong to no {algorithm} key.") from None
    return sized(where, Key(algorithm, kid or None, made))


def sized(where: str, key: Key) -> Key:
    """`key` when it is long enough for its algorithm, else ValueError."""
    material = key.jwk.key
    if isinstance(material, bytes) and len(material) < SECRET_BYTES:
        raise ValueError(f'{where}: "k" has {len(material)} bytes, expected at least {SECRET_BYTES}.')
    if isinstance(material, rsa.RSAPublicKey | rsa.RSAPrivateKey) and material.key_size < RSA_BITS:
        raise ValueError(f"{where}: the RSA key has {material.key_size} bits, expected at least {RSA_BITS}.")
    return key


def parsed(where: str, text: str) -> dict[str, Any]:
    """The JSON object in a setting; ValueError without its text, which may hold a key."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ValueError(f"{where} is no JSON object.")
    return found
