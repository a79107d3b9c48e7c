"""Whom requests trusts over TLS."""

from __future__ import annotations

import ssl
from typing import Any

from requests.adapters import HTTPAdapter


class SystemTrust(HTTPAdapter):
    """Trusts whom this machine trusts, a team's own authority among them, and not the list that requests brings."""

    def init_poolmanager(self, *args: Any, **more: Any) -> None:
        super().init_poolmanager(*args, ssl_context=ssl.create_default_context(), **more)
