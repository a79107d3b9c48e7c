"""Where copies of backups go, and in which form, as the environment says it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slipway.errors import SettingsError
from slipway.system.redact import NO_SECRET, Secret


@dataclass(frozen=True)
class Target:
    """A bucket in some S3 store; nothing goes anywhere while `bucket` is empty. `recipients` are public age keys."""

    bucket: str = ""
    endpoint: str = ""
    prefix: str = ""
    region: str = "us-east-1"
    access_key: Secret = NO_SECRET
    secret_key: Secret = NO_SECRET
    recipients: tuple[str, ...] = ()
    lock_days: int = 0
    lock_mode: str = "governance"

    def __bool__(self) -> bool:
        return bool(self.bucket)


def read(given: Mapping[str, str]) -> Target:
    """The target that the environment names. Raises SettingsError for a number of days that is none."""

    def text(name: str, default: str = "") -> str:
        return given.get(f"OFFSITE_{name}", default)

    days = text("LOCK_DAYS", "0")
    if not (days.isascii() and days.isdigit()):
        raise SettingsError("OFFSITE_LOCK_DAYS", days, "a whole number from 0", "edit OFFSITE_LOCK_DAYS in .env")
    recipients = tuple(part.strip() for part in text("AGE_RECIPIENT").split(",") if part.strip())
    return Target(
        text("S3_BUCKET"),
        text("S3_ENDPOINT"),
        text("S3_PREFIX").strip("/"),
        text("S3_REGION", "us-east-1"),
        Secret(text("S3_ACCESS_KEY")),
        Secret(text("S3_SECRET_KEY")),
        recipients,
        int(days),
        text("LOCK_MODE", "governance"),
    )
