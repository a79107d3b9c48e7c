"""Settings that are each right and cannot stand together."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import SecretStr

if TYPE_CHECKING:
    from slipway.config.settings import Settings


def contradictions(s: Settings) -> Iterator[tuple[str, str]]:
    """(key that has to change, what is expected of it), for each."""
    if s.domain_tls == "proxy" and not s.domain:
        yield "DOMAIN", "the public host name that the proxy serves, because DOMAIN_TLS=proxy"
    if s.domain_tls == "proxy" and not s.trusted_proxies:
        yield "TRUSTED_PROXIES", "the address of the proxy that ends TLS, or private, because DOMAIN_TLS=proxy"
    yield from of_dokploy(s)
    external_database = bool(s.database_url.get_secret_value())
    if s.postgres == "external" and not external_database:
        yield "DATABASE_URL", "the URL of the database, because POSTGRES=external"
    if s.postgres == "bundled" and external_database:
        yield "DATABASE_URL", "no value, because POSTGRES=bundled; set POSTGRES=external to use that database"
    if s.migrate_database_url.get_secret_value() and not external_database:
        yield "MIGRATE_DATABASE_URL", "no value, because POSTGRES=bundled makes its own roles"
    if s.s3_provider == "external" and not s.s3_endpoint:
        yield "S3_ENDPOINT", "the URL of the object store, because S3_PROVIDER=external"
    if s.s3_endpoint and s.s3_provider != "external":
        yield "S3_ENDPOINT", "no value unless S3_PROVIDER=external"
    if bool(s.s3_app_access_key.get_secret_value()) != bool(s.s3_app_secret_key.get_secret_value()):
        missing = "S3_APP_SECRET_KEY" if s.s3_app_access_key.get_secret_value() else "S3_APP_ACCESS_KEY"
        yield missing, "a value, because the other half of the app's key has one"
    if s.images == "debian" and s.s3_provider not in (None, "rclone", "external"):
        yield "S3_PROVIDER", "rclone or external, because Debian packages no other store (IMAGES=debian)"
    if s.images == "debian" and s.postgres_version != "18":
        yield "POSTGRES_VERSION", "18, the version that IMAGES=debian builds"
    if s.s3_provider == "garage" and not re.fullmatch(r"GK[0-9a-f]{24}", s.s3_access_key.get_secret_value()):
        yield "S3_ACCESS_KEY", "GK and 24 hexadecimal digits, because S3_PROVIDER=garage takes no other form"
    if s.hook_format == "telegram" and not s.hook_chat:
        yield "HOOK_CHAT", "the id of the chat to write to, because HOOK_FORMAT=telegram"
    if s.offsite_s3_bucket:
        for key in ("OFFSITE_S3_ENDPOINT", "OFFSITE_S3_ACCESS_KEY", "OFFSITE_S3_SECRET_KEY"):
            if not str(getattr(s, key.lower())):
                yield key, "a value, because OFFSITE_S3_BUCKET is set"
    if not s.s3_buckets:
        yield "S3_BUCKETS", "at least one bucket name"
    yield from of_archiving(s)
    if s.postgres_memory < 128 * 2**20:
        yield "POSTGRES_MEMORY", "128MB or more"


def of_dokploy(s: Settings) -> Iterator[tuple[str, str]]:
    if not s.on_dokploy:
        return
    if s.local:
        yield "ENVIRONMENT", "a name such as production, because ENGINE=dokploy runs on a server"
    if not s.domain:
        yield "DOMAIN", "the public host name that Dokploy's proxy serves, because ENGINE=dokploy publishes no port"
    if s.https_port != 443:
        yield "HTTPS_PORT", "443, the port of Dokploy's proxy, because ENGINE=dokploy"
    if s.pitr:
        yield "PITR", "false, because ENGINE=dokploy archives nothing yet; ENGINE=docker does"


def of_archiving(s: Settings) -> Iterator[tuple[str, str]]:
    if s.pitr and s.postgres == "external":
        yield "PITR", "false, because POSTGRES=external is archived where it runs"
    if s.pitr and s.engine == "embedded":
        yield "PITR", "false, because the embedded engine has no pgBackRest; ENGINE=docker has"
    if s.pitr and s.postgres_version != "18":
        yield "POSTGRES_VERSION", "18, because PITR=true needs the directories of that version"
    bucket = s.pitr_bucket or f"{s.stack}-pitr"
    if bucket in s.s3_buckets:
        yield "PITR_BUCKET", "a bucket of its own, none of S3_BUCKETS"
    if s.pitr and len(bucket) > 63:
        yield "PITR_BUCKET", f"a name of 3 to 63 characters, because {bucket} has {len(bucket)}"
    second = ("pitr_repo2_endpoint", "pitr_repo2_bucket", "pitr_repo2_access_key", "pitr_repo2_secret_key")
    given = [name for name in second if plain(getattr(s, name))]
    for name in second if given else ():
        if name not in given:
            yield name.upper(), f"a value, because {given[0].upper()} has one"


def plain(value: str | SecretStr) -> str:
    return value.get_secret_value() if isinstance(value, SecretStr) else value
