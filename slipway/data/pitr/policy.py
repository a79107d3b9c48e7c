"""What the data side knows of continuous archiving; the repository itself is known to pgBackRest's environment alone."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from slipway.system.redact import Secret

SECRETS = ("_CIPHER_PASS", "_S3_KEY", "_S3_KEY_SECRET")


@dataclass(frozen=True)
class Archive:
    """Where changes go and how often backups are taken; without a stanza nothing is archived."""

    stanza: str = ""
    bucket: str = ""
    timeout: int = 45  # seconds after which the server archives what is not a whole segment
    full_days: int = 7
    diff_hours: int = 24
    secrets: tuple[Secret, ...] = ()


def read(given: Mapping[str, str]) -> Archive:
    """The archive that the environment names; its numbers are the settings', which were checked."""
    keys = [key for key in given if key.startswith("PGBACKREST_REPO") and key.endswith(SECRETS)]
    return Archive(
        given.get("PITR_STANZA", ""),
        given.get("PITR_BUCKET", ""),
        int(given.get("PITR_ARCHIVE_TIMEOUT", "45")),
        int(given.get("PITR_FULL_DAYS", "7")),
        int(given.get("PITR_DIFF_HOURS", "24")),
        tuple(Secret(given[key]) for key in keys),
    )
