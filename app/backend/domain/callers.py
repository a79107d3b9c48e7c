"""Who a request acts for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

DEMO_USER = UUID("00000000-0000-4000-8000-000000000001")  # made by fixtures/001_demo.sql


@dataclass(frozen=True, slots=True)
class Caller:
    """A user, with what their access token says of them."""

    user_id: UUID
    claims: Mapping[str, Any]
