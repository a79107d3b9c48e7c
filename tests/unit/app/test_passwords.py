"""Passwords in every form that Supabase stores: known hashes, broken ones, and what a check may cost."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import random
import sys
from pathlib import Path

import bcrypt
import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from hypothesis import example, given
from hypothesis import strategies as st

from tests.support.campaign import sized
from tests.support.fuzzing import fuzz

sys.path.insert(0, str(Path(__file__).parents[3] / "app"))

from backend.adapters import passwords
from backend.adapters.credentials import AT_ONCE, WAITING, ThreadedPasswords
from backend.adapters.passwords import DECOY, Form, acceptable, form, hashed, outdated, verify
from backend.domain.errors import Unavailable

SIGNER = "ou9tdYTGyYm8kuR6Dt0Bp0kDuAYoXrK16mbZO4yGwAn3oLspjnN0/c41v8xZnO1n14J3MjKj1b2g6AUCAlFwMw=="
FIREBASE = (
    f"$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk={SIGNER}$C0sHCg9ek77hsg=="
    "$zKVTMvnWVw5BBOZNUdnsalx4c4c7y/w7IS5p6Ut2+CfEFFlz37J9huyQfov4iizN8dbjvEJlM5tQaJP84+hfTw=="
)
BCRYPT = "$2a$12$aLYFkieuqJyeynvptPTxpehSViui5WeAPuR2Xw1wui9CPHEaacmFq"
ARGON2I = "$argon2i$v=19$m=16,t=2,p=1$bGJRWThNOHJJTVBSdHl2dQ$NfEnUOuUpb7F2fQkgFUG4g"
ARGON2ID = "$argon2id$v=19$m=32,t=3,p=2$SFVpOWJ0eXhjRzVkdGN1RQ$RXnb8rh7LaDcn07xsssqqulZYXOM/EUCEFMVcAcyYVk"
ENCRYPTED = json.dumps({"key_id": "k", "alg": "aes-gcm-hkdf", "data": "AAAA", "nonce": "AAAA"})


def blowfish(password: bytes, version: str = "2a", cost: int = 4) -> str:
    return bcrypt.hashpw(password, bcrypt.gensalt(cost)).decode().replace("$2b$", f"${version}$", 1)


KNOWN = {
    "Firebase, GoTrue's vector": (FIREBASE, "mytestpassword"),
    "argon2i, GoTrue's vector": (ARGON2I, "test"),
    "argon2id, GoTrue's vector": (ARGON2ID, "test"),
    "argon2id with padding": (ARGON2ID + "=", "test"),
    "bcrypt, Openwall's vector": ("$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "U*U"),
    "bcrypt 2a": (blowfish(b"secret phrase"), "secret phrase"),
    "bcrypt 2b": (blowfish("пароль".encode(), "2b"), "пароль"),
    "bcrypt 2y": (blowfish(b"a\0b", "2y"), "a\0b"),
    "our own": (hashed("correct horse"), "correct horse"),
}


@pytest.mark.parametrize("known", KNOWN)
def test_a_known_hash_is_of_its_password_and_of_no_other(known: str) -> None:
    stored, password = KNOWN[known]
    assert verify(password, stored)
    assert not any(verify(other, stored) for other in (password + "1", password[:-1], password.swapcase(), ""))


def test_firebase_without_a_salt_separator_as_its_definition_says() -> None:
    key = hashlib.scrypt(b"hello there", salt=b"salt", n=1 << 10, r=8, p=2, dklen=32)
    made = Cipher(algorithms.AES256(key), modes.CTR(bytes(16))).encryptor().update(b"s" * 64)
    words = (base64.b64encode(part).decode() for part in (b"s" * 64, b"salt", made))
    stored = "$fbscrypt$v=1,n=10,r=8,p=2,sk={}${}${}".format(*words)
    assert verify("hello there", stored) and not verify("hello ther", stored)


def test_bcrypt_reads_72_bytes_and_no_more() -> None:
    stored = blowfish(b"x" * 72)
    assert verify("x" * 72, stored) and verify("x" * 500, stored)
    assert not verify("x" * 71, stored)
    assert verify("é" * 40, blowfish(("é" * 36).encode()))


BROKEN = {
    "nothing": "",
    "text": "hunter2",
    "encrypted": ENCRYPTED,
    "bcrypt cut": BCRYPT[:-1],
    "bcrypt with a line": BCRYPT + "\n",
    "bcrypt of an impossible salt": "$2b$04$" + "z" * 53,
    "bcrypt of 36 hours": BCRYPT.replace("$12$", "$31$"),
    "bcrypt of no cost": BCRYPT.replace("$12$", "$03$"),
    "argon2d": ARGON2ID.replace("argon2id", "argon2d"),
    "argon2 of another version": ARGON2ID.replace("v=19", "v=16"),
    "argon2 of 4 TiB": ARGON2ID.replace("m=32", "m=4294967295"),
    "argon2 of 300 MiB": ARGON2ID.replace("m=32", "m=307200"),
    "argon2 of a million passes": ARGON2ID.replace("t=3", "t=1000000"),
    "argon2 of many lanes": ARGON2ID.replace("p=2", "p=255").replace("m=32", "m=65536"),
    "argon2 of no memory": ARGON2ID.replace("m=32", "m=0"),
    "argon2 of no passes": ARGON2ID.replace("t=3", "t=0"),
    "argon2 of a short salt": ARGON2ID.replace("SFVpOWJ0eXhjRzVkdGN1RQ", "AAAA"),
    "argon2 of a hash of nothing": ARGON2ID.rpartition("$")[0] + "$=",
    "argon2 of a short hash": ARGON2ID.rpartition("$")[0] + "$AAAA",
    "Firebase of 16 GiB": FIREBASE.replace("n=14", "n=24"),
    "Firebase of a huge power": FIREBASE.replace("n=14", "n=999"),
    "Firebase of many lanes": FIREBASE.replace("p=1", "p=1000"),
    "Firebase of more work": FIREBASE.replace("p=1", "p=65"),
    "Firebase of no power": FIREBASE.replace("n=14", "n=0"),
    "Firebase of no size": FIREBASE.replace("r=8", "r=0"),
    "Firebase of another version": FIREBASE.replace("v=1", "v=2"),
    "Firebase, GoTrue's wrong hash": FIREBASE.rpartition("$")[0] + "$ZGlmZmVyZW50aGFzaA==",
    "Firebase of nothing": "$fbscrypt$v=1,n=1,r=1,p=1,sk==$$=",
    "Firebase that is no base64": FIREBASE.replace("C0sH", "C*sH"),
}


@pytest.mark.parametrize("broken", BROKEN)
def test_a_hash_that_cannot_be_used_is_false_for_every_password(broken: str) -> None:
    assert not any(verify(each, BROKEN[broken]) for each in ("", "test", "mytestpassword", "\ud800"))


@pytest.mark.parametrize("stored", [None, *(BROKEN[name] for name in ("nothing", "text", "encrypted", "bcrypt cut"))])
def test_no_usable_password_costs_a_whole_check(stored: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int, int]] = []
    real = passwords.hash_secret_raw

    def noted(secret: bytes, salt: bytes, passes: int, memory: int, lanes: int, *rest: object) -> bytes:
        asked.append((memory, passes, lanes))
        return real(secret, salt, passes, memory, lanes, *rest)

    monkeypatch.setattr(passwords, "hash_secret_raw", noted)
    assert not verify("some password", stored)
    assert not verify("\udfff", hashed("some password"))
    assert asked == [(19 * 1024, 2, 1)] * 2


def test_the_decoy_costs_what_a_new_hash_costs() -> None:
    assert DECOY.split("$")[:4] == hashed("x").split("$")[:4]
    assert [len(part) for part in DECOY.split("$")] == [len(part) for part in hashed("x").split("$")]


FORMS = [
    (None, Form.NONE, False),
    ("", Form.NONE, False),
    (ENCRYPTED, Form.ENCRYPTED, False),
    ("$2x$10$", Form.UNKNOWN, False),
    (blowfish(b"x", cost=9), Form.BCRYPT, True),
    (blowfish(b"x", cost=10), Form.BCRYPT, False),
    (BCRYPT, Form.BCRYPT, False),
    (FIREBASE, Form.FIREBASE, True),
    (ARGON2I, Form.ARGON2, True),
    (ARGON2ID, Form.ARGON2, True),
    (hashed("x"), Form.ARGON2, False),
    (DECOY.replace("m=19456,t=2", "m=47104,t=1"), Form.ARGON2, False),
    (DECOY.replace("m=19456,t=2", "m=7168,t=5"), Form.ARGON2, False),
    (DECOY.replace("m=19456,t=2", "m=7168,t=4"), Form.ARGON2, True),
    (DECOY.replace("argon2id", "argon2i"), Form.ARGON2, True),
]


@pytest.mark.parametrize(("stored", "expected", "old"), FORMS, ids=range(len(FORMS)))
def test_the_form_of_a_hash_and_whether_it_is_outdated(stored: str | None, expected: Form, old: bool) -> None:
    assert (form(stored), outdated(stored)) == (expected, old)


@pytest.mark.parametrize(
    ("password", "told"),
    [
        ("seven77", "at least 8"),
        ("", "has 0 characters"),
        ("x" * 1025, "at most 1024"),
        ("\ud800" + "x" * 8, "surrogate"),
        ("        ", None),
        ("x" * 1024, None),
        ("пароль из слов", None),
    ],
)
def test_what_is_wrong_with_a_new_password(password: str, told: str | None) -> None:
    sentence = acceptable(password)
    assert told in sentence if told and sentence else sentence is told


@fuzz(sized(30, 3_000))
@given(st.text(st.characters(exclude_categories=["Cs"]), min_size=8, max_size=1024))
def test_whatever_is_acceptable_can_be_stored_and_verified(password: str) -> None:
    assert acceptable(password) is None
    assert verify(password, hashed(password)) and not verify(password + "x", hashed(password))


def damaged(stored: str, rng: random.Random) -> str:
    """`stored` with some characters changed, cut or doubled. Costs stay small enough to be met by the thousand."""
    for _ in range(rng.randint(1, 3)):
        place = rng.randrange(len(stored))
        stored = (
            stored[:place]
            + rng.choice(["", "$", ",", "=", "0", "\n", "é", stored[place:][:5] * 2])
            + stored[place + 1 :]
        )
    return stored or "x"


@fuzz(sized(200, 20_000))
@given(st.sampled_from([ARGON2I, blowfish(b"test"), FIREBASE.replace("n=14", "n=4"), ENCRYPTED]), st.randoms())
def test_a_damaged_hash_is_answered_and_never_an_exception(stored: str, rng: random.Random) -> None:
    form(text := damaged(stored, rng)), outdated(text)
    assert isinstance(verify("test", text), bool)


@fuzz(sized(100, 10_000))
@given(
    st.text(),
    st.sampled_from(["", "$2a$", "$argon2id$v=19$m=16,t=1,p=1$", "$fbscrypt$v=1,n=1,r=1,p=1,", "{"]),
    st.text(),
)
@example("\ud800", "", "")
def test_no_text_is_a_hash_of_any_password(password: str, start: str, rest: str) -> None:
    assert not verify(password, start + rest)


def test_a_crowd_of_passwords_is_told_to_come_again_and_does_not_wait_without_end() -> None:
    async def run() -> list[object]:
        threads = ThreadedPasswords()
        crowd = [threads.verify("x" * 8, None) for _ in range(AT_ONCE + WAITING + 30)]
        return await asyncio.gather(*crowd, return_exceptions=True)

    answers = asyncio.run(run())
    assert [isinstance(each, Unavailable) for each in answers] == [False] * (AT_ONCE + WAITING) + [True] * 30
