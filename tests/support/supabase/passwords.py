"""A password hash of each form that Supabase's auth server accepts, and the passwords that they are of."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass

import argon2
import bcrypt
from argon2.low_level import Type, hash_secret
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

ENCRYPTION_KEY_ID = "key-2025"
ENCRYPTION_KEY = base64.urlsafe_b64encode(bytes(range(32))).decode().rstrip("=")


@dataclass(frozen=True)
class Known:
    """Somebody whose password the tests know, and the form that its hash has."""

    email: str
    password: str
    form: str


# As in people.sql.
USER = {
    name: f"00000000-0000-4000-8000-0000000000{number:02}"
    for number, name in enumerate(
        (
            "ada",
            "ben",
            "cem",
            "dot",
            "eva",
            "fay",
            "gus",
            "hal",
            "twin",
            "ida",
            "anonymous",
            "jon",
            "kim",
            "lea",
            "nia",
        ),
        1,
    )
}
KNOWN = (
    Known("ada@example.org", "correct horse", "bcrypt"),
    Known("ben@example.org", "battery staple", "argon2id"),
    Known("cem@example.org", "tränen & größe", "argon2i"),
    Known("dot@example.org", "from the fire", "fbscrypt"),
    Known("gus@example.org", "locked twice", "encrypted"),
    Known("hal@corp.example", "before the company", "bcrypt"),
    Known("nia@example.org", "n" * 72 + " and eight", "bcrypt, of its first 72 bytes"),
)


def hash_of(name: str) -> str:
    """What auth.users keeps for this one of KNOWN, by the part of the address before the @."""
    known = next(each for each in KNOWN if each.email.startswith(f"{name}@"))
    return HASHERS[known.form](known.password.encode(), name)


def bcrypted(password: bytes, name: str) -> str:
    """$2a$, of what bcrypt reads: the first 72 bytes."""
    return bcrypt.hashpw(password[:72], salted(name)).decode()


def salted(name: str) -> bytes:
    """A salt for bcrypt that is always the same for that name. Four rounds less than Supabase's ten, to be quick."""
    alphabet = str.maketrans("+=", "./")
    text = base64.b64encode(hashlib.sha256(name.encode()).digest()[:16]).decode().translate(alphabet)[:21]
    return f"$2a$06${text}O".encode()


def argoned(kind: Type):
    """The hasher of one kind of Argon2, in the common text form."""
    return lambda password, name: hash_secret(
        password, hashlib.sha256(name.encode()).digest()[:16], 2, 1024, 1, 32, kind
    ).decode()


def firebased(
    password: bytes, name: str, salt: bytes = b"\x01salt-of-fire\x02", rounds: int = 8, cost: int = 11
) -> str:
    """As Firebase exports it: the project's signer key, encrypted by a key that scrypt makes of the password."""
    signer, separator = hashlib.sha512(b"signer").digest(), b"\x0a\x84"
    text = ",".join(
        (
            f"v=1,n={cost},r={rounds},p=1",
            f"ss={base64.b64encode(separator).decode()}",
            f"sk={base64.b64encode(signer).decode()}",
        )
    )
    made = firebase_hash(password, salt + separator, signer, cost, rounds)
    return f"$fbscrypt${text}${base64.b64encode(salt).decode()}${base64.b64encode(made).decode()}"


def firebase_hash(password: bytes, salt: bytes, signer: bytes, cost: int, rounds: int) -> bytes:
    """The signer key in AES-256-CTR, from zero on, with the password's key."""
    key = hashlib.scrypt(password, salt=salt, n=2**cost, r=rounds, p=1, dklen=32, maxmem=2**26)
    return Cipher(algorithms.AES(key), modes.CTR(bytes(16))).encryptor().update(signer)


def encrypted(password: bytes, name: str) -> str:
    """A bcrypt hash that database encryption has wrapped, bound to the user's id."""
    nonce = hashlib.sha256(b"nonce" + name.encode()).digest()[:12]
    data = AESGCM(key_for(USER[name])).encrypt(nonce, bcrypted(password, name).encode(), None)
    fields = {"key_id": ENCRYPTION_KEY_ID, "alg": "aes-gcm-hkdf", "data": data, "nonce": nonce}
    return json.dumps({key: as_text(value) for key, value in fields.items()}, separators=(",", ":"))


def key_for(user: str) -> bytes:
    """The AES key of one user's secrets."""
    whole = base64.urlsafe_b64decode(ENCRYPTION_KEY + "=")
    return HKDF(hashes.SHA256(), 32, None, user.encode()).derive(whole)


def as_text(value: str | bytes) -> str:
    return base64.b64encode(value).decode() if isinstance(value, bytes) else value


HASHERS = {
    "bcrypt": bcrypted,
    "bcrypt, of its first 72 bytes": bcrypted,
    "argon2id": argoned(Type.ID),
    "argon2i": argoned(Type.I),
    "fbscrypt": firebased,
    "encrypted": encrypted,
}


def fits(known: Known, kept: str) -> bool:
    """Whether that hash is one of the known password: the check that a login makes, by other code than the makers'."""
    password = known.password.encode()
    if kept.startswith("{"):
        wrapped = json.loads(kept)
        nonce, data = (base64.b64decode(wrapped[key]) for key in ("nonce", "data"))
        kept = AESGCM(key_for(USER[known.email.split("@")[0]])).decrypt(nonce, data, None).decode()
    if kept.startswith("$argon2"):
        return argon2.PasswordHasher().verify(kept, password)
    if kept.startswith("$fbscrypt$"):
        _, _, words, salt, made = kept.split("$")
        told = dict(word.split("=", 1) for word in words.split(","))
        salted_with = base64.b64decode(salt) + base64.b64decode(told["ss"])
        signer = base64.b64decode(told["sk"])
        return (
            base64.b64encode(firebase_hash(password, salted_with, signer, int(told["n"]), int(told["r"]))).decode()
            == made
        )
    return bcrypt.checkpw(password[:72], kept.encode())
