"""Access tokens: forged ones are refused, keys are rotated, and another service can rely on them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from tests.support.accounts import account
from tests.support.backend_process import app_process, send
from tests.support.demo import PASSWORD as DEMO_PASSWORD
from tests.support.waiting import until

SECRET = "the secret of a project that left Supabase"
TASKS = "/api/v1/tasks"


def ec_key(kid: str) -> dict[str, Any]:
    """A private P-256 key as a JWK."""
    made: dict[str, Any] = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
    return {**made, "kid": kid}


def claims(**changed: Any) -> dict[str, Any]:
    """What an access token says, in the order and the types of Supabase's."""
    now = int(time.time())
    plain = {
        "iss": "https://abc.supabase.co/auth/v1",
        "sub": str(uuid4()),
        "aud": "authenticated",
        "exp": now + 3600,
        "iat": now,
        "role": "authenticated",
        "session_id": str(uuid4()),
    }
    return {name: value for name, value in (plain | changed).items() if value is not None}


@pytest.fixture(scope="module")
def moved(app_stack: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A backend of a project that left Supabase: its secret, and its issuer among those that are accepted."""
    yield from started(app_stack, tmp_path_factory, JWT_SECRET=SECRET)


def started(stack: Any, folders: pytest.TempPathFactory, **env: str) -> Any:
    """A backend with these settings, for the tests of this module."""
    log = folders.mktemp("app") / "app.log"
    more = {"PORT": "0", "HOST": "127.0.0.1", "JWT_OTHER_ISSUERS": "https://abc.supabase.co/auth/v1", **env}
    process = app_process(stack.app_python, {**stack.env, **more}, log)
    try:
        yield until(lambda: re.search(r'listening on (http://[^\s"]+)', log.read_text()), "the app's address")[1]
    finally:
        process.kill()
        process.wait()


def status(url: str, token: str) -> int:
    """What a request with `token` is answered."""
    return send(url, "GET", TASKS, token=token).status


def test_a_token_that_supabase_has_issued_goes_on_being_good(moved: str) -> None:
    assert status(moved, jwt.encode(claims(), SECRET, "HS256")) == 200


FORGED: dict[str, Callable[[], str]] = {
    "another secret": lambda: jwt.encode(claims(), "x" * 40, "HS256"),
    "no signature": lambda: jwt.encode(claims(), None, "none"),
    "another algorithm": lambda: jwt.encode(claims(), SECRET, "HS512"),
    "expired": lambda: jwt.encode(claims(exp=int(time.time()) - 1), SECRET, "HS256"),
    "without end": lambda: jwt.encode(claims(exp=None), SECRET, "HS256"),
    "not yet": lambda: jwt.encode(claims(nbf=int(time.time()) + 600), SECRET, "HS256"),
    "another audience": lambda: jwt.encode(claims(aud="shop"), SECRET, "HS256"),
    "another issuer": lambda: jwt.encode(claims(iss="https://evil.example"), SECRET, "HS256"),
    "nobody's": lambda: jwt.encode(claims(sub=None), SECRET, "HS256"),
    "no user": lambda: jwt.encode(claims(sub="admin"), SECRET, "HS256"),
    "cut": lambda: jwt.encode(claims(), SECRET, "HS256")[:-3],
    "three words": lambda: "not.a.token",
    "an API key": lambda: jwt.encode({"iss": "supabase", "role": "anon", "exp": 2**31}, SECRET, "HS256"),
    "other claims": lambda: ".".join(
        (
            jwt.encode(claims(), SECRET, "HS256").split(".")[0],
            jwt.encode(claims(role="service_role"), "x" * 40, "HS256").split(".")[1],
            jwt.encode(claims(), SECRET, "HS256").split(".")[2],
        )
    ),
}


@pytest.mark.parametrize("forgery", FORGED)
def test_a_forged_token_is_refused(moved: str, forgery: str) -> None:
    answer = send(moved, "GET", TASKS, token=FORGED[forgery]())
    assert (answer.status, answer.headers["www-authenticate"]) == (401, "Bearer")


@pytest.mark.parametrize("role", ["service_role", "postgres", "supabase_auth_admin", "slipway_app", "", "none"])
def test_a_token_for_a_role_that_is_not_acted_as_is_refused(moved: str, role: str) -> None:
    assert status(moved, jwt.encode(claims(role=role), SECRET, "HS256")) == 403


def test_a_public_key_is_no_secret(app_stack: Any, tmp_path_factory: pytest.TempPathFactory) -> None:
    key = ec_key("one")
    for url in started(app_stack, tmp_path_factory, JWT_SIGNING_KEY=json.dumps(key)):
        published = jwt.PyJWK(send(url, "GET", "/auth/v1/.well-known/jwks.json").body["keys"][0]).key
        pem = published.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
        head, body = (
            base64.urlsafe_b64encode(json.dumps(each).encode()).rstrip(b"=")
            for each in ({"alg": "HS256", "typ": "JWT", "kid": "one"}, claims())
        )
        made = base64.urlsafe_b64encode(hmac.new(pem, head + b"." + body, hashlib.sha256).digest()).rstrip(b"=")
        assert status(url, b".".join((head, body, made)).decode()) == 401


def test_keys_are_rotated_and_another_service_verifies_by_the_published_ones(
    app_stack: Any, tmp_path_factory: pytest.TempPathFactory
) -> None:
    old, new = ec_key("2026"), ec_key("2027")
    _, email = account(app_stack.database_url)
    public = {name: value for name, value in old.items() if name != "d"}
    for url in started(app_stack, tmp_path_factory, JWT_SIGNING_KEY=json.dumps(old), JWT_ISSUER="https://shop.example"):
        login = {"email": email, "password": DEMO_PASSWORD}
        before = send(url, "POST", "/api/v1/auth/login", login).body["access_token"]
    rotated = {"JWT_SIGNING_KEY": json.dumps(new), "JWT_VERIFY_KEYS": json.dumps({"keys": [public]})}
    for url in started(app_stack, tmp_path_factory, JWT_ISSUER="https://shop.example", **rotated):
        after = send(url, "POST", "/api/v1/auth/login", login).body["access_token"]
        assert (status(url, before), status(url, after)) == (200, 200)
        document = send(url, "GET", "/auth/v1/.well-known/jwks.json").body
        assert not any("d" in key for key in document["keys"])
        published = jwt.PyJWKSet.from_dict(document)
        for token, kid in ((before, "2026"), (after, "2027")):
            assert jwt.get_unverified_header(token) == {"alg": "ES256", "kid": kid, "typ": "JWT"}
            told = jwt.decode(token, published[kid], ["ES256"], audience="authenticated", issuer="https://shop.example")
            assert told["email"] == email
