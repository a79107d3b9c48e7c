"""/api/v1/profile: what a user shows of themselves."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import ConfigDict, Field, StringConstraints, TypeAdapter
from starlette.responses import Response

from backend.adapters.http.dependencies import CallerOf, DatabaseOf, answer, json_only, name_of
from backend.adapters.http.fields import line, text
from backend.adapters.http.problems import responses
from backend.adapters.http.task_bodies import Changes
from backend.domain.profiles import BIO_LENGTH, LOCALE, NAME_LENGTH, ZONE_LENGTH, Profile, ProfileChanges
from backend.domain.unset import UNSET
from backend.usecases import profiles

ONE = TypeAdapter(Profile)
router = APIRouter(
    prefix="/api/v1/profile",
    tags=["profile"],
    dependencies=[Depends(json_only)],
    responses=responses(400, 401, 403, 414, 422, 503),
    generate_unique_id_function=name_of,
)


class ProfilePatch(Changes):
    """What to change of the profile: at least one field; a profile that is new needs a display_name."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"minProperties": 1, "examples": [{"display_name": "Ada", "locale": "en-GB"}]}
    )

    display_name: line(NAME_LENGTH) = Field(default_factory=lambda: UNSET)
    bio: text(BIO_LENGTH) = Field(default_factory=lambda: UNSET)
    locale: Annotated[str, StringConstraints(max_length=64, pattern=LOCALE)] = Field(default_factory=lambda: UNSET)
    time_zone: line(ZONE_LENGTH) = Field(default_factory=lambda: UNSET)

    def changes(self) -> ProfileChanges:
        """The changes."""
        return ProfileChanges(self.display_name, self.bio, self.locale, self.time_zone)


@router.get("", response_model=Profile, responses=responses(404))
async def get_profile(caller: CallerOf, database: DatabaseOf) -> Response:
    """The caller's profile."""
    return answer(ONE.dump_json(await profiles.get_profile(database, caller)))


@router.patch("", response_model=Profile, responses=responses(409, 413, 415))
async def change_profile(body: ProfilePatch, caller: CallerOf, database: DatabaseOf) -> Response:
    """Change the profile, or make it; a field that is absent stays as it is."""
    return answer(ONE.dump_json(await profiles.change_profile(database, caller, body.changes())))
