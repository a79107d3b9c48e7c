"""Continuous archiving by pgBackRest: what its processes are told, and what the server is. Pure: Settings in, text out.

pgBackRest takes any option as PGBACKREST_… from the environment, so that no secret is in a file or an argument.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pydantic import BaseModel, Field

from slipway.config.types import Bool, Bucket, Bytes, Endpoint, Secret, UrlSafe, generated_setting, setting
from slipway.stack.stores.objects import endpoint

if TYPE_CHECKING:
    from slipway.config.settings import Settings
    from slipway.stack.voice import Addresses, Voice

DATA = "/var/lib/postgresql"  # the volume; the cluster is below it, and so is whatever must outlast a container
# A restored cluster that does not serve is exchanged back: nothing of its history may be in the archive by then.
ARCHIVE = "test ! -e slipway.unproven && pgbackrest archive-push %p"


class Fields(BaseModel):
    pitr: Bool = setting(False, "Archive every change, so that any moment back can be restored (docs/pitr.md).")
    pitr_archive_timeout: int = Field(
        45, ge=1, le=3600, description="Seconds after which a change is archived at the latest: what a lost disk costs."
    )
    pitr_full_days: int = Field(7, ge=1, le=90, description="Days between full physical backups.")
    pitr_diff_hours: int = Field(24, ge=1, le=720, description="Hours between physical backups of what changed.")
    pitr_keep_days: int = Field(14, ge=1, le=3650, description="Days back that can be restored, at the least.")
    pitr_queue_max: Bytes | None = setting(
        None, "Changes that may wait for a repository that is down; beyond it they are dropped and a gap is left."
    )
    pitr_bucket: Bucket = setting("", "Bucket of the archive in the object store. Default: PROJECT-ENVIRONMENT-pitr.")
    pitr_cipher_password: UrlSafe = generated_setting(
        "Password that the archive is encrypted with; without it, it is noise."
    )
    pitr_repo2_endpoint: Endpoint = setting(
        "", "URL of a second object store, elsewhere, that the archive goes to too."
    )
    pitr_repo2_region: str = setting("us-east-1", "Region of the second one.")
    pitr_repo2_bucket: Bucket = setting("", "Bucket in the second one; it must exist.")
    pitr_repo2_access_key: Secret = Field(Secret(""), description="Access key of the second one.")
    pitr_repo2_secret_key: Secret = Field(Secret(""), description="Secret key of the second one.")


def server(settings: Settings) -> dict[str, str]:
    """Settings of Postgres itself; nothing where PITR is off.

    They are told on its command line alone: a copy of the data directory knows nothing of them and archives nowhere.
    """
    if not settings.pitr:
        return {}
    return {
        "archive_mode": "on",
        "archive_command": ARCHIVE,
        "archive_timeout": f"{settings.pitr_archive_timeout}s",
        # The second one is for pgBackRest, which reaches the server through the volume that they share.
        "unix_socket_directories": f"/run/postgresql,{DATA}",
    }


def environment(settings: Settings, at: Addresses, voice: Voice) -> dict[str, str]:
    """What every pgBackRest process of the stack is told; nothing where PITR is off."""
    if not settings.pitr:
        return {}
    options = {
        "STANZA": settings.stack,
        "PG1_PATH": f"{DATA}/{settings.postgres_version}/docker",
        "PG1_SOCKET_PATH": DATA,
        "PG1_USER": "postgres",
        "SPOOL_PATH": f"{DATA}/spool",
        "LOCK_PATH": "/tmp/pgbackrest",  # noqa: S108 (a tmpfs of the container's own)
        "LOG_LEVEL_FILE": "off",
        "LOG_LEVEL_CONSOLE": "warn",
        # It tries again for twice that long, and its default of a minute would hold up every answer for two.
        "IO_TIMEOUT": "15",
        "ARCHIVE_ASYNC": "y",
        "COMPRESS_TYPE": "zst",
        "COMPRESS_LEVEL": "1",
        **({"ARCHIVE_PUSH_QUEUE_MAX": str(settings.pitr_queue_max)} if settings.pitr_queue_max else {}),
        **repositories(settings, at, voice),
    }
    return {f"PGBACKREST_{key}": value for key, value in options.items()}


def repositories(settings: Settings, at: Addresses, voice: Voice) -> dict[str, str]:
    """The one in the stack's own object store, and the one elsewhere if there is one."""
    own = repository(1, settings, voice, endpoint(settings, at), settings.s3_region, bucket(settings), "S3")
    if not settings.pitr_repo2_endpoint:
        return own
    return own | repository(
        2,
        settings,
        voice,
        settings.pitr_repo2_endpoint,
        settings.pitr_repo2_region,
        settings.pitr_repo2_bucket,
        "PITR_REPO2",
    )


def repository(
    number: int, settings: Settings, voice: Voice, endpoint: str, region: str, name: str, keys: str
) -> dict[str, str]:
    """One repository, encrypted before anything leaves."""
    options = {
        "TYPE": "s3",
        # One bucket may serve several stacks: none of them writes where another does.
        "PATH": f"/{settings.stack}",
        "S3_BUCKET": name,
        "S3_ENDPOINT": voice.literal(endpoint.rstrip("/")),
        "S3_REGION": voice.literal(region),
        "S3_URI_STYLE": "path",
        "S3_KEY": voice.secret(f"{keys}_ACCESS_KEY"),
        "S3_KEY_SECRET": voice.secret(f"{keys}_SECRET_KEY"),
        "CIPHER_TYPE": "aes-256-cbc",
        "CIPHER_PASS": voice.secret("PITR_CIPHER_PASSWORD"),
        **({} if endpoint.startswith("https:") else {"STORAGE_VERIFY_TLS": "n"}),
    }
    return {f"REPO{number}_{key}": value for key, value in options.items()}


def backup_environment(settings: Settings) -> dict[str, str]:
    """What only backups are told, so that another retention does not restart the server.

    Small files go into one object together, and of large ones the blocks that changed.
    """
    options = {"START_FAST": "y"}
    for number in (1, 2) if settings.pitr_repo2_endpoint else (1,):
        options |= {
            f"REPO{number}_BUNDLE": "y",
            f"REPO{number}_BLOCK": "y",
            f"REPO{number}_RETENTION_FULL_TYPE": "time",
            f"REPO{number}_RETENTION_FULL": str(settings.pitr_keep_days),
        }
    return {f"PGBACKREST_{key}": value for key, value in options.items()}


def bucket(settings: Settings) -> str:
    return settings.pitr_bucket or f"{settings.stack}-pitr"


def outside(settings: Settings) -> bool:
    """Whether a repository is beyond the stack's own network."""
    return settings.pitr and bool(settings.s3_endpoint or settings.pitr_repo2_endpoint)


def data_side(settings: Settings) -> dict[str, str]:
    """What the data side is told of it beside that; enough to look at the server, too little to reach the archive."""
    if not settings.pitr:
        return {}
    return {
        "PITR_STANZA": settings.stack,
        "PITR_BUCKET": bucket(settings),
        "PITR_ARCHIVE_TIMEOUT": str(settings.pitr_archive_timeout),
        "PITR_FULL_DAYS": str(settings.pitr_full_days),
        "PITR_DIFF_HOURS": str(settings.pitr_diff_hours),
    }
