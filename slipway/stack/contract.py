"""What the app and the ops side are told about their stores: one contract for every engine."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass

from slipway.config.credentials import secrets_of
from slipway.config.settings import Settings


@dataclass(frozen=True)
class Voice:
    """How values are said: as references in a rendered file, or in the clear to a process."""

    literal: Callable[[str], str]
    secret: Callable[[str], str]


# Compose expands $ in every value, so a literal one is doubled.
REFERENCES = Voice(
    lambda value: value.replace("$", "$$"), lambda key: f"${{{key}:?{key} is not set; ./invoke up sets it}}"
)


def in_clear(settings: Settings) -> Voice:
    return Voice(str, secrets_of(settings).__getitem__)


@dataclass(frozen=True)
class Addresses:
    """Where the stores and the app listen, as seen from beside them."""

    postgres: str = "postgres:5432"
    redis: str = "redis:6379"
    objects: str = "http://objects:9000"
    app: str = ""


def app(settings: Settings, at: Addresses, voice: Voice) -> dict[str, str]:
    """Environment of the app: one URL per store, the S3 keys, its port, and every APP_ENV_ of the settings."""
    store = s3(settings, at, voice)
    own = {key: voice.secret(f"APP_ENV_{key}") for key in settings.app_env}
    return {
        "PORT": str(settings.app_port),
        "DATABASE_URL": app_database(settings, at, voice),
        "REDIS_URL": redis(at, voice),
        **store,
        "S3_BUCKET": settings.s3_buckets[0],
    } | own


def ops(settings: Settings, provider: str, at: Addresses, voice: Voice) -> dict[str, str]:
    """Environment of the data side: the superuser too, the roles' passwords, deadlines, and where its files are."""
    return {
        **databases(settings, at, voice),
        "REDIS_URL": redis(at, voice),
        **s3(settings, at, voice),
        "S3_BUCKETS": ",".join(settings.s3_buckets),
        "S3_PROVIDER": provider,
        "S3_REQUIRE": voice.literal(",".join(settings.s3_require)),
        "APP_URL": at.app or "http://gateway",
        "APP_READY_PATH": voice.literal(settings.app_ready_path),
        "APP_HEALTH_PATH": voice.literal(settings.app_health_path),
        "GATE_TIMEOUT": str(settings.gate_timeout),
        "APP_BOOT_TIMEOUT": str(settings.app_boot_timeout),
        "LOCK_TIMEOUT": settings.migrate_lock_timeout,
        "STATEMENT_TIMEOUT": settings.migrate_statement_timeout,
        **backups(settings),
        **offsite(settings, voice),
    }


def backups(settings: Settings) -> dict[str, str]:
    """What the data side is told of the stack that it backs up, and of the rules for that."""
    keep = ("last", "daily", "weekly", "monthly", "days")
    return {
        "STACK": settings.stack,
        "STACK_ENVIRONMENT": settings.environment,
        "BACKUP_SCHEDULE": settings.backup_schedule,
        "BACKUP_DRILL": settings.backup_drill,
        "BACKUP_OBJECTS": settings.backup_objects,
        "BACKUP_REDIS": "yes" if settings.backup_redis else "",
        **{f"BACKUP_KEEP_{name.upper()}": str(getattr(settings, f"backup_keep_{name}")) for name in keep},
        "BACKUP_MAX_DAYS": str(settings.backup_max_days),
    }


def offsite(settings: Settings, voice: Voice) -> dict[str, str]:
    """Where copies of backups go, where they go anywhere."""
    if not settings.offsite_s3_bucket:
        return {}
    return {
        "OFFSITE_S3_BUCKET": settings.offsite_s3_bucket,
        "OFFSITE_S3_ENDPOINT": voice.literal(settings.offsite_s3_endpoint),
        "OFFSITE_S3_PREFIX": settings.offsite_s3_prefix,
        "OFFSITE_S3_REGION": voice.literal(settings.offsite_s3_region),
        "OFFSITE_S3_ACCESS_KEY": voice.secret("OFFSITE_S3_ACCESS_KEY"),
        "OFFSITE_S3_SECRET_KEY": voice.secret("OFFSITE_S3_SECRET_KEY"),
        "OFFSITE_AGE_RECIPIENT": ",".join(settings.offsite_age_recipient),
        "OFFSITE_LOCK_DAYS": str(settings.offsite_lock_days),
        "OFFSITE_LOCK_MODE": settings.offsite_lock_mode,
    }


def databases(settings: Settings, at: Addresses, voice: Voice) -> dict[str, str]:
    name = settings.postgres_db
    if settings.postgres == "external":
        migrate = "MIGRATE_DATABASE_URL" if settings.migrate_database_url.get_secret_value() else "DATABASE_URL"
        return {
            "DATABASE_URL": voice.secret("DATABASE_URL"),
            "MIGRATE_DATABASE_URL": voice.secret(migrate),
            "DATABASE_OWNER": "",
        }
    return {
        "ADMIN_DATABASE_URL": url("postgres", voice.secret("POSTGRES_PASSWORD"), at, "postgres"),
        "MIGRATE_DATABASE_URL": url(f"{name}_migrate", voice.secret("POSTGRES_MIGRATE_PASSWORD"), at, name),
        "DATABASE_URL": app_database(settings, at, voice),
        "DATABASE_OWNER": f"{name}_owner",
        "ROLE_PASSWORDS": json.dumps(
            {
                f"{name}_{role}": voice.secret(f"POSTGRES_{role.upper()}_PASSWORD")
                for role in ("migrate", "app", "readonly", "backup")
            }
        ),
    }


def app_database(settings: Settings, at: Addresses, voice: Voice) -> str:
    if settings.postgres == "external":
        return voice.secret("DATABASE_URL")
    name = settings.postgres_db
    return url(f"{name}_app", voice.secret("POSTGRES_APP_PASSWORD"), at, name)


def url(role: str, password: str, at: Addresses, database: str) -> str:
    return f"postgresql://{role}:{password}@{at.postgres}/{database}"


def redis(at: Addresses, voice: Voice) -> str:
    return f"redis://:{voice.secret('REDIS_PASSWORD')}@{at.redis}/0"


def s3(settings: Settings, at: Addresses, voice: Voice) -> dict[str, str]:
    endpoint = settings.s3_endpoint or at.objects
    return {
        "S3_ENDPOINT": voice.literal(endpoint),
        "S3_REGION": voice.literal(settings.s3_region),
        "S3_ACCESS_KEY": voice.secret("S3_ACCESS_KEY"),
        "S3_SECRET_KEY": voice.secret("S3_SECRET_KEY"),
    }
