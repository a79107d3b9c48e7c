"""One real login at the stack's app, with a password that is known, as a client of Supabase's makes it."""

from __future__ import annotations

import json

from slipway.errors import HealthError, SettingsError
from slipway.supabase.proving import tokens
from slipway.system.inherited import path_of

TIMES = (5, 30)  # seconds to connect, and for the answer


def known(file: str) -> tuple[str, str]:
    """Address and password, the first two lines of the file. Raises SettingsError where they are not there."""
    try:
        email, password, *_ = path_of(file).read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError) as error:
        found = error.strerror if isinstance(error, OSError) else "not two lines of text"
        raise SettingsError(
            file, found or "not readable", "an address and a password, a line each", f"cat {file}"
        ) from None
    return email, password


def payload(url: str, email: str, password: str) -> str:
    """The claims of the token that the app issues, as JSON. Raises HealthError where it issues none."""
    import requests

    try:
        answer = requests.post(
            f"{url}/auth/v1/token?grant_type=password", json={"email": email, "password": password}, timeout=TIMES
        )
        token = answer.json().get("access_token") if answer.ok else None
    except (requests.RequestException, ValueError) as error:
        raise refused(url, type(error).__name__) from None
    if not token:
        raise refused(url, f"HTTP {answer.status_code}")
    try:
        return json.dumps(tokens.claims(token))
    except (ValueError, TypeError):
        raise refused(url, "a token that is no JWT") from None


def refused(url: str, found: str) -> HealthError:
    return HealthError(
        f"{url}/auth/v1/token",
        found,
        "a token for this address and password",
        "the password as on Supabase; ./invoke status",
    )
