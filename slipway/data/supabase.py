"""Where a Supabase project is that moves into this stack: its database and its objects, as the environment says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slipway.system.redact import NO_SECRET, Secret


@dataclass(frozen=True)
class Project:
    """The database by its URL; the objects by the project's S3 endpoint, or by its API with a key of the server's."""

    db_url: Secret = NO_SECRET
    url: str = ""
    api_key: Secret = NO_SECRET
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    s3_access_key: Secret = NO_SECRET
    s3_secret_key: Secret = NO_SECRET

    @property
    def secrets(self) -> tuple[Secret, ...]:
        return (self.db_url, self.api_key, self.s3_access_key, self.s3_secret_key)


def read(given: Mapping[str, str]) -> Project:
    """The project that the environment names."""

    def text(name: str, default: str = "") -> str:
        return given.get(f"SUPABASE_{name}", default)

    return Project(
        Secret(text("DB_URL")),
        text("URL").rstrip("/"),
        Secret(text("API_KEY")),
        text("S3_ENDPOINT"),
        text("S3_REGION", "us-east-1"),
        Secret(text("S3_ACCESS_KEY")),
        Secret(text("S3_SECRET_KEY")),
    )
