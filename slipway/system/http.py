"""The front door from outside: one question, one answer."""

from __future__ import annotations

import http.client
import urllib.error
import urllib.request

# A proxy of the environment must not stand between this machine and its own front door.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def ask(url: str, timeout: float = 3.0) -> tuple[bool, str]:
    """Whether a GET answers 200 within the seconds given, and the answer in short."""
    try:
        with _OPENER.open(url, timeout=timeout) as answer:
            return answer.status == 200, f"{answer.status}"
    except urllib.error.HTTPError as error:
        body = " ".join(error.read(300).decode("utf-8", "replace").split())
        return False, f"{error.code} {body}".strip()
    except (OSError, http.client.HTTPException) as error:
        return False, str(getattr(error, "reason", error)) or type(error).__name__
