"""What an app says about itself on its ready path."""

from __future__ import annotations

import json

from slipway.errors import SettingsError
from slipway.system import http
from slipway.system.wait import NotYet


def ask(url: str, site: str = "") -> None:
    """Returns on 200, asked as `site`. Raises NotYet with the shortened answer otherwise; a redirect is not followed."""
    try:
        answer = http.request(url, site=site)
    except ValueError:
        raise SettingsError("APP_URL", url, "http://host:port", "edit APP_URL in .env") from None
    except http.NoAnswer as error:
        raise NotYet(f"no answer from {url} ({error})") from None
    if answer.status != 200:
        said = describe(answer.describe(), answer.text)
        # An app that is not ready says 5xx; any other answer may be one to how it was asked.
        raise NotYet(said if answer.status >= 500 else f"{said} ({http.asked_as(url, site)})")


def describe(status: int | str, body: str) -> str:
    """Status and what the body says: broken dependencies by name where it has that shape, else its start.

    The shape is {"dependencies": {name: {"ok": bool, "reason": text}}}; any other body is welcome too.
    """
    broken = broken_dependencies(body)
    if broken:
        return f"{status}; " + "; ".join(f"{name}: {reason}" for name, reason in broken.items())
    return f"{status} {' '.join(body.split())[:300]}".strip()


def broken_dependencies(body: str) -> dict[str, str]:
    """The reason of each dependency that is not ok, by name."""
    try:
        found = json.loads(body)["dependencies"]
        return {str(name): str(state.get("reason") or "not ok") for name, state in found.items() if not state.get("ok")}
    except (ValueError, KeyError, TypeError, AttributeError):
        return {}
