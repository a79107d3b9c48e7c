"""What a user shows of themselves."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from backend.domain.unset import UNSET, Unset, given

# Characters; the same numbers are constraints in migrations/002_profiles.up.sql.
NAME_LENGTH, BIO_LENGTH, ZONE_LENGTH = 100, 2000, 64
LOCALE = r"^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$"


@dataclass(frozen=True, slots=True)
class Profile:
    """A user's profile; `locale` is a language tag of BCP 47, `time_zone` a name of the IANA database."""

    user_id: UUID
    display_name: str
    bio: str
    locale: str
    time_zone: str
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class ProfileChanges:
    """What to change of a profile; a field that is UNSET stays, or gets its default in a profile that is new."""

    display_name: str | Unset = UNSET
    bio: str | Unset = UNSET
    locale: str | Unset = UNSET
    time_zone: str | Unset = UNSET

    def given(self) -> dict[str, Any]:
        """The fields to change, by name."""
        return given(self)
