"""Whether a stored SCRAM-SHA-256 verifier was made from a password: RFC 5802, with RFC 4013's preparation."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import stringprep
import unicodedata

PROHIBITED = (
    stringprep.in_table_c12,
    stringprep.in_table_c21_c22,
    stringprep.in_table_c3,
    stringprep.in_table_c4,
    stringprep.in_table_c5,
    stringprep.in_table_c6,
    stringprep.in_table_c7,
    stringprep.in_table_c8,
    stringprep.in_table_c9,
    stringprep.in_table_a1,
)


def matches(verifier: str | None, password: str) -> bool:
    """True when the verifier, as pg_authid keeps it, belongs to the password."""
    try:
        kind, rounds_salt, keys = (verifier or "").split("$")
        rounds, salt = rounds_salt.split(":")
        stored = base64.b64decode(keys.split(":")[0], validate=True)
        salted = hashlib.pbkdf2_hmac("sha256", prepared(password).encode(), base64.b64decode(salt), int(rounds))
    except (ValueError, binascii.Error):
        return False
    client_key = hmac.digest(salted, b"Client Key", "sha256")
    return kind == "SCRAM-SHA-256" and hmac.compare_digest(hashlib.sha256(client_key).digest(), stored)


def prepared(password: str) -> str:
    """The password after SASLprep; as it is when that refuses it, which is what Postgres does too."""
    if password.isascii():
        return password
    mapped = "".join(
        " " if stringprep.in_table_c12(char) else char for char in password if not stringprep.in_table_b1(char)
    )
    # Postgres looks for prohibited characters before it normalises, and so must this.
    refused = not mapped or any(test(char) for char in mapped for test in PROHIBITED) or mixes_directions(mapped)
    return password if refused else unicodedata.normalize("NFKC", mapped)


def mixes_directions(text: str) -> bool:
    """RFC 3454 §6: right-to-left text must begin and end so, and hold no left-to-right letters."""
    if not any(map(stringprep.in_table_d1, text)):
        return False
    ends_right = stringprep.in_table_d1(text[0]) and stringprep.in_table_d1(text[-1])
    return not ends_right or any(map(stringprep.in_table_d2, text))
