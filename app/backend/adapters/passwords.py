"""Passwords: every form that Supabase's auth.users.encrypted_password can hold is verified, one form is made.

All of it takes processor time and memory on purpose, some 20 to 100 ms: call it in a thread, and in few at once.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from enum import Enum

import bcrypt
from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error
from argon2.low_level import Type, hash_secret_raw
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

SHORTEST, LONGEST = 8, 1024  # characters of a new password
BCRYPT_READS = 72  # bytes; bcrypt has no place for more

# OWASP's first choice for argon2id: 19 MiB, two passes, one lane.
MEMORY, PASSES, LANES = 19 * 1024, 2, 1

# What a stored hash may ask for. A hostile or broken row must not cost gigabytes or minutes, so a hash that asks for
# more is false; these bounds are far above what Supabase and Firebase write.
MOST_MEMORY = 256 * 1024  # KiB at once
MOST_WORK = 4 * MOST_MEMORY  # KiB times passes
MOST_LANES = 16
MOST_BCRYPT = 16  # the cost is a power of two: some 4 s

# Bytes of a hash. An empty one, of a row that was cut, would be that of every password.
LEAST_HASH = 16

# Of OWASP's choices for argon2id, the smallest memory and the least memory times passes (7 MiB, five passes).
LEAST_MEMORY, LEAST_WORK = 7 * 1024, 5 * 7 * 1024
LEAST_BCRYPT = 10

# The hash of no password: a login without an account or without a password is checked against it, so that it takes as
# long as another one and tells nobody which accounts exist.
DECOY = f"$argon2id$v=19$m={MEMORY},t={PASSES},p={LANES}${'A' * 22}${'A' * 43}"

BCRYPT = re.compile(r"\$2[aby]\$(\d\d)\$[./A-Za-z0-9]{53}", re.ASCII)
ARGON2 = re.compile(r"\$argon2(id?)\$v=19\$m=(\d{1,7}),t=(\d{1,7}),p=(\d{1,3})\$([^$,]+)\$([^$,]+)", re.ASCII)
FIREBASE = re.compile(
    r"\$fbscrypt\$v=1,n=(\d{1,3}),r=(\d{1,5}),p=(\d{1,5}),(?:ss=([^,$]*),)?sk=([^,$]+)\$([^$,]*)\$([^$,]+)", re.ASCII
)


class Form(Enum):
    """How a password is stored; NONE is an account without a password, ENCRYPTED one whose key is not here."""

    BCRYPT = "bcrypt"
    ARGON2 = "argon2"
    FIREBASE = "firebase"
    NONE = "none"
    ENCRYPTED = "encrypted"
    UNKNOWN = "unknown"


STARTS = {"$2a$": Form.BCRYPT, "$2b$": Form.BCRYPT, "$2y$": Form.BCRYPT, "{": Form.ENCRYPTED}
STARTS |= {"$argon2id$": Form.ARGON2, "$argon2i$": Form.ARGON2, "$fbscrypt$": Form.FIREBASE}


def form(stored: str | None) -> Form:
    """The form of a stored password by how it begins; the rest of it may still be malformed."""
    if not stored:
        return Form.NONE
    return next((each for start, each in STARTS.items() if stored.startswith(start)), Form.UNKNOWN)


def verify(password: str, stored: str | None) -> bool:
    """Whether `password` is the stored one; a malformed or unusable hash is False, after the time of a real check."""
    try:
        secret = password.encode()
    except UnicodeEncodeError:  # half of a surrogate pair, which JSON can hold: no stored password has it
        secret, stored = b"", None
    check = CHECKS.get(form(stored))
    right = check(secret, stored) if check and stored else None
    if right is None:
        argon2(secret, DECOY)
    return bool(right)


def hashed(password: str) -> str:
    """A new argon2id hash of `password`."""
    return PasswordHasher(time_cost=PASSES, memory_cost=MEMORY, parallelism=LANES).hash(password)


def outdated(stored: str | None) -> bool:
    """Whether a login that succeeded should store the password anew.

    It should for bcrypt of a cost below 10, argon2id below the least of OWASP's parameters, argon2i, and Firebase's
    form (its scrypt is below OWASP's, and each row holds the old project's key). A form that no login can match stays.
    """
    match form(stored):
        case Form.BCRYPT:
            found = BCRYPT.fullmatch(stored or "")
            return bool(found) and int(found[1]) < LEAST_BCRYPT
        case Form.ARGON2:
            found = ARGON2.fullmatch(stored or "")
            return bool(found) and (found[1] != "id" or weak(int(found[2]), int(found[3])))
        case kept:
            return kept is Form.FIREBASE


def weak(memory: int, passes: int) -> bool:
    """Whether argon2id with so many KiB and passes is below every choice of OWASP's."""
    return memory < LEAST_MEMORY or memory * passes < LEAST_WORK


def acceptable(password: str) -> str | None:
    """What is wrong with a new password, as a sentence; None when nothing is.

    Its kinds of characters are nobody's business (NIST SP 800-63B). Characters are counted as Python does.
    """
    if len(password) < SHORTEST:
        return f"The password has {len(password)} characters, expected at least {SHORTEST}."
    if len(password) > LONGEST:
        return f"The password has {len(password)} characters, expected at most {LONGEST}."
    if any("\ud800" <= each <= "\udfff" for each in password):
        return "The password has half of a surrogate pair, expected text that UTF-8 can hold."
    return None


def blowfish(secret: bytes, stored: str) -> bool | None:
    """Whether `secret` is the one of a bcrypt hash; None when the hash cannot be used."""
    found = BCRYPT.fullmatch(stored)
    if not found or int(found[1]) > MOST_BCRYPT:
        return None
    try:
        return bcrypt.checkpw(secret[:BCRYPT_READS], stored.encode())
    except ValueError:  # a salt whose last character has bits that nothing can have written
        return None


def argon2(secret: bytes, stored: str) -> bool | None:
    """Whether `secret` is the one of an argon2 hash; None when the hash cannot be used."""
    found = ARGON2.fullmatch(stored)
    if not found:
        return None
    memory, passes, lanes = int(found[2]), int(found[3]), int(found[4])
    if memory > MOST_MEMORY or memory * passes > MOST_WORK or lanes > MOST_LANES:
        return None
    try:
        salt, expected = decoded(found[5]), decoded(found[6])
        kind = Type.ID if found[1] == "id" else Type.I
        made = hash_secret_raw(secret, salt, passes, memory, lanes, max(len(expected), LEAST_HASH), kind)
    except (Argon2Error, ValueError):
        return None
    return hmac.compare_digest(made, expected)


def firebase(secret: bytes, stored: str) -> bool | None:
    """Whether `secret` is the one of a Firebase hash; None when the hash cannot be used.

    scrypt makes a key of the password, with which AES in counter mode (from zero) encrypts the project's signer key:
    what comes out is the hash.
    """
    found = FIREBASE.fullmatch(stored)
    if not found:
        return None
    power, size, lanes = int(found[1]), int(found[2]), int(found[3])
    # The first bound is in bytes; each lane takes the same time once more.
    if power > 24 or (128 * size << power) > MOST_MEMORY * 1024 or lanes > MOST_LANES:
        return None
    try:
        separator, signer, salt, expected = (decoded(part or "") for part in found.group(4, 5, 6, 7))
        if len(expected) < LEAST_HASH:
            return None
        key = hashlib.scrypt(
            secret, salt=salt + separator, n=1 << power, r=size, p=lanes, maxmem=2 * MOST_MEMORY * 1024, dklen=32
        )
    except ValueError:
        return None
    cipher = Cipher(algorithms.AES256(key), modes.CTR(bytes(16))).encryptor()
    return hmac.compare_digest(cipher.update(signer) + cipher.finalize(), expected)


def decoded(text: str) -> bytes:
    """The bytes of base64 in its usual alphabet, with or without the padding; ValueError when it is none."""
    bare = text.rstrip("=")
    return base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)


CHECKS = {Form.BCRYPT: blowfish, Form.ARGON2: argon2, Form.FIREBASE: firebase}
