"""What the app and the ops side are told about their stores: one contract for every engine."""

from __future__ import annotations

from slipway.config.credentials import secrets_of
from slipway.config.settings import Settings
from slipway.stack import stores
from slipway.stack.voice import Addresses, Voice


def in_clear(settings: Settings) -> Voice:
    return Voice(str, secrets_of(settings).__getitem__)


def addresses(settings: Settings) -> Addresses:
    """Where the stores of a rendered file listen, as seen from beside them."""
    return {store.name: store.address(settings) for store in stores.load()}


def app(settings: Settings, at: Addresses, voice: Voice) -> dict[str, str]:
    """Environment of the app: its port, what it needs of each store, and every APP_ENV_ of the settings."""
    told = {"PORT": str(settings.app_port)}
    if settings.data_directory:
        told["APP_DATA"] = settings.data_directory
    for store in stores.load():
        told |= store.app(settings, at, voice)
    # Sorted: that lines of .env change places is no other app.
    return told | {key: voice.secret(f"APP_ENV_{key}") for key in sorted(settings.app_env)}


def ops(settings: Settings, at: Addresses, voice: Voice) -> dict[str, str]:
    """Environment of the data side: the superuser too, the roles' passwords, deadlines, and where its files are."""
    told: dict[str, str] = {}
    for store in stores.load():
        told |= store.ops(settings, at, voice)
    return told | {
        "APP_URL": at.get("app", "http://gateway"),
        "APP_READY_PATH": voice.literal(settings.app_ready_path),
        "APP_HEALTH_PATH": voice.literal(settings.app_health_path),
        "GATE_TIMEOUT": str(settings.gate_timeout),
        "APP_BOOT_TIMEOUT": str(settings.app_boot_timeout),
        "LOCK_TIMEOUT": settings.migrate_lock_timeout,
        "STATEMENT_TIMEOUT": settings.migrate_statement_timeout,
        **backups(settings),
        **offsite(settings, voice),
        **supabase(settings, voice),
    }


def leaves_the_stack(settings: Settings) -> bool:
    """Whether work on the data has to reach beyond the stack: to a store elsewhere, to the bucket of the copies,
    or to a Supabase project that is left."""
    elsewhere = settings.offsite_s3_bucket or leaves_supabase(settings)
    return bool(elsewhere) or not all(store.bundled(settings) for store in stores.load())


def backups(settings: Settings) -> dict[str, str]:
    """What the data side is told of the stack that it backs up, and of the rules for that."""
    keep = ("last", "daily", "weekly", "monthly", "days")
    return {
        "STACK": settings.stack,
        "STACK_ENVIRONMENT": settings.environment,
        "BACKUP_SCHEDULE": settings.backup_schedule,
        "BACKUP_DRILL": settings.backup_drill,
        "BACKUP_OBJECTS": settings.backup_objects,
        **{f"BACKUP_{name.upper()}": "yes" if getattr(settings, f"backup_{name}") else "" for name in stores.WHOLE},
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


def supabase(settings: Settings, voice: Voice) -> dict[str, str]:
    """Where a Supabase project is that moves into this stack, while one does."""
    plain = ("url", "s3_endpoint", "s3_region")
    hidden = ("db_url", "api_key", "s3_access_key", "s3_secret_key")
    if not leaves_supabase(settings):
        return {}
    return {f"SUPABASE_{name.upper()}": voice.literal(getattr(settings, f"supabase_{name}")) for name in plain} | {
        f"SUPABASE_{name.upper()}": voice.secret(f"SUPABASE_{name.upper()}")
        for name in hidden
        if getattr(settings, f"supabase_{name}").get_secret_value()
    }


def leaves_supabase(settings: Settings) -> bool:
    return bool(settings.supabase_db_url.get_secret_value() or settings.supabase_s3_endpoint or settings.supabase_url)
