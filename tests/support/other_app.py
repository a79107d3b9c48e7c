"""What tests ask of examples/hono, wherever it runs: its settings, tokens for it, its list of tasks."""

from __future__ import annotations

import json
import time
import urllib.error
from pathlib import Path
from typing import Any

import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from jwt.algorithms import ECAlgorithm

from tests.support import demo

HERE = Path(__file__).parents[2] / "examples" / "hono"
SECRET = "a secret of tests alone, 32 bytes and more"
OTHER_USER = "00000000-0000-4000-8000-0000000000aa"
# All that a stack has to be told so that it runs this app and not the one in app/.
SETTINGS = {"APP_CONTEXT": "examples/hono", "APP_ENV_JWT_SECRET": SECRET, "APP_ENV_RELEASE": "v1"}
# A user with more rows than a page has; several are of one moment, so that only the id tells them apart.
ROWS = f"""
    INSERT INTO auth.users (id, email) VALUES ('{OTHER_USER}', 'other@example.org');
    INSERT INTO tasks (user_id, title, created_at)
    SELECT '{OTHER_USER}', 'task ' || n, '2026-01-05T09:00:00Z'::timestamptz + n / 10 * interval '1 microsecond'
    FROM generate_series(1, 45) AS n
"""


def token(user: str, key: str = SECRET, **more: Any) -> str:
    """An access token as the IAM makes it, signed with the shared secret; `more` replaces claims."""
    claims = {"iss": "slipway", "aud": "authenticated", "role": "authenticated", "sub": user}
    return jwt.encode(claims | {"exp": int(time.time()) + 3600} | more, key, algorithm="HS256")


def signing_key() -> str:
    """A new private key for JWT_SIGNING_KEY."""
    made: dict[str, Any] = ECAlgorithm.to_jwk(ec.generate_private_key(ec.SECP256R1()), as_dict=True)
    return json.dumps(made | {"kid": "of tests"})


def asked(url: str, path: str, bearer: str | None = None) -> tuple[int, dict]:
    """The status and the body of what a stack answers, also where it refuses."""
    headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
    try:
        return 200, json.loads(demo.ask(f"{url}{path}", headers, 10))
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def pages(url: str, bearer: str) -> list[list[str]]:
    """The titles of all tasks that this token lists, page by page."""
    found, after = [], ""
    while True:
        status, page = asked(url, f"/api/v1/tasks?limit=20{after}", bearer)
        assert status == 200, page
        found.append([task["title"] for task in page["items"]])
        if page["next"] is None:
            return found
        after = f"&after={page['next']}"


def titles(url: str, bearer: str) -> list[str]:
    """The same as one list."""
    return [title for page in pages(url, bearer) for title in page]
