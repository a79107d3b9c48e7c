"""The endpoints and credentials of one stack, read from the environment and never printed."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from functools import cached_property
from pathlib import Path
from urllib.parse import urlsplit

from slipway.data import supabase
from slipway.data.backups import policy
from slipway.data.backups.policy import Policy
from slipway.data.offsite import target
from slipway.data.offsite.target import Target
from slipway.data.pitr import policy as pitr
from slipway.data.pitr.policy import Archive
from slipway.data.supabase import Project
from slipway.errors import SettingsError
from slipway.stack import stores
from slipway.system.redact import NO_SECRET, Masker, Secret

Emit = Callable[[dict], None]


@dataclass(frozen=True)
class Endpoints:
    """One stack as the data side sees it. Times are seconds, the two `*_timeout` texts are Postgres intervals."""

    admin_url: Secret = NO_SECRET
    migrate_url: Secret = NO_SECRET
    app_database_url: Secret = NO_SECRET
    database_owner: str = ""
    store_urls: Mapping[str, Secret] = field(default_factory=dict)  # of those that one URL leads to, by name
    s3_endpoint: str = ""
    s3_region: str = "us-east-1"
    s3_access_key: Secret = NO_SECRET
    s3_secret_key: Secret = NO_SECRET
    s3_app_access_key: Secret = NO_SECRET
    s3_app_secret_key: Secret = NO_SECRET
    s3_buckets: tuple[str, ...] = ()
    s3_require: tuple[str, ...] = ()
    s3_provider: str = "external"
    app_url: str = ""
    app_ready_path: str = "/ready"
    app_health_path: str = "/health"
    gate_timeout: float = 60.0
    lock_timeout: str = "5s"
    statement_timeout: str = "0"
    migrations_dir: Path | None = None
    fixtures_dir: Path | None = None
    state_dir: Path | None = None
    gateway_dir: Path | None = None
    backup_dir: Path | None = None
    backup: Policy = field(default_factory=Policy)
    offsite: Target = field(default_factory=Target)
    pg_bin: str = ""
    role_passwords: Mapping[str, Secret] = field(default_factory=dict)
    archive: Archive = field(default_factory=Archive)
    supabase: Project = field(default_factory=Project)

    def scrub(self, text: str) -> str:
        """The text with every secret of these endpoints replaced by •••."""
        return self._masker.text(text)

    @cached_property
    def _masker(self) -> Masker:
        """Kept, since progress asks for each of its lines."""
        found = {
            value.value for name in (f.name for f in fields(self)) if isinstance(value := getattr(self, name), Secret)
        }
        found |= {
            secret.value
            for secret in (
                *self.role_passwords.values(),
                *self.store_urls.values(),
                self.offsite.access_key,
                self.offsite.secret_key,
                *self.archive.secrets,
                *self.supabase.secrets,
            )
        }
        return Masker(found)


def read(env: Mapping[str, str]) -> Endpoints:
    """The endpoints that the environment names. Raises SettingsError for a value of the wrong form."""
    given = {key: env[key] for key in env if env[key] != ""}

    def secret(key: str) -> Secret:
        return Secret(given.get(key, ""))

    places = ("migrations_dir", "fixtures_dir", "state_dir", "gateway_dir", "backup_dir")
    return Endpoints(
        admin_url=secret("ADMIN_DATABASE_URL"),
        migrate_url=secret("MIGRATE_DATABASE_URL"),
        app_database_url=secret("DATABASE_URL"),
        database_owner=given.get("DATABASE_OWNER", ""),
        store_urls={name: secret(key) for name in stores.NAMES if (key := f"{name.upper()}_URL") in given},
        s3_endpoint=given.get("S3_ENDPOINT", ""),
        s3_region=given.get("S3_REGION", "us-east-1"),
        s3_access_key=secret("S3_ACCESS_KEY"),
        s3_secret_key=secret("S3_SECRET_KEY"),
        s3_app_access_key=secret("S3_APP_ACCESS_KEY"),
        s3_app_secret_key=secret("S3_APP_SECRET_KEY"),
        s3_buckets=split_list(given.get("S3_BUCKETS", "")),
        s3_require=split_list(given.get("S3_REQUIRE", "")),
        s3_provider=given.get("S3_PROVIDER", "external"),
        app_url=given.get("APP_URL", ""),
        app_ready_path=given.get("APP_READY_PATH", "/ready"),
        app_health_path=given.get("APP_HEALTH_PATH", "/health"),
        gate_timeout=seconds(given, "GATE_TIMEOUT", 60.0),
        lock_timeout=given.get("LOCK_TIMEOUT", "5s"),
        statement_timeout=given.get("STATEMENT_TIMEOUT", "0"),
        **{name: Path(given[key]) if (key := name.upper()) in given else None for name in places},
        backup=policy.read(given),
        offsite=target.read(given),
        archive=pitr.read(given),
        supabase=supabase.read(given),
        pg_bin=given.get("PG_BIN", ""),
        role_passwords=passwords(given.get("ROLE_PASSWORDS", "")),
    )


def need(value: object, name: str, example: str) -> None:
    """Refuses an endpoint that a verb cannot do without. Raises SettingsError naming the setting."""
    if not value:
        raise SettingsError(name, "not set", example, "./invoke doctor")


def split_list(text: str) -> tuple[str, ...]:
    """A comma list as a tuple, without blanks and repeats, in the order given."""
    return tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))


def seconds(given: Mapping[str, str], key: str, default: float) -> float:
    """A positive number of seconds."""
    text = given.get(key, str(default))
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < 86400:
        raise SettingsError(key, text, "a number of seconds above 0 and below a day", f"edit {key} in .env")
    return value


def passwords(text: str) -> dict[str, Secret]:
    """The JSON object role -> password."""
    try:
        found = json.loads(text or "{}")
    except ValueError:
        found = None
    if not isinstance(found, dict) or not all(isinstance(value, str) and value for value in found.values()):
        raise SettingsError(
            "ROLE_PASSWORDS", "not a JSON object of texts", '{"<role>": "<password>", …}', "./invoke doctor"
        )
    return {role: Secret(value) for role, value in found.items()}


def password_in(url: str) -> str:
    """The password of a URL as it is spelt there, or nothing."""
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""
