"""Access tokens as they are handed out: what one claims. Nobody here asks who signed it, and none is ever shown."""

from __future__ import annotations

import base64
import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

from slipway.errors import SettingsError
from slipway.system.redact import Secret

FORM = re.compile(r"[\w-]+\.([\w-]+)\.[\w-]+")
ONE = "one access token (JWT) that the project has issued, and nothing else"
HOW = "in a client of the project's: (await supabase.auth.getSession()).data.session.access_token"


@dataclass(frozen=True)
class Token:
    """A token, and what it claims."""

    text: Secret
    claims: dict = field(repr=False)

    @property
    def is_over(self) -> bool:
        """Whether its time has passed."""
        end = self.claims.get("exp")
        return isinstance(end, int | float) and end < time.time()


def read(file: Path) -> Token:
    """The token that a file holds. Raises SettingsError where there is none."""
    try:
        text = file.read_text(encoding="utf-8").strip()
        return Token(Secret(text), claims(text))
    except OSError as error:
        raise SettingsError(str(file), error.strerror or "not readable", ONE, HOW) from None
    except ValueError:
        raise SettingsError(str(file), "something else than a JWT", ONE, HOW) from None


def claims(token: str) -> dict:
    """What a token claims. Raises ValueError for what is no JWT."""
    if not (form := FORM.fullmatch(token)):
        raise ValueError("no JWT")
    try:
        found = json.loads(base64.urlsafe_b64decode(form[1] + "=" * (-len(form[1]) % 4)))
    except RecursionError:
        raise ValueError("no JWT") from None
    if not isinstance(found, dict):
        raise ValueError("no JWT")
    return found
