"""Who a request acts for.

There is no authentication yet: every request acts as one demo user, whoever sends it. Row level security and every
query already work per user, so only `user_of` changes when authentication comes. Until then do not put data behind
this API that not everybody who reaches it may read and change.
"""

from __future__ import annotations

from uuid import UUID

from starlette.requests import Request

DEMO_USER = UUID("00000000-0000-4000-8000-000000000001")  # made by fixtures/001_demo.sql


def user_of(request: Request) -> UUID:
    """The user that `request` acts for: always the demo user."""
    return DEMO_USER
