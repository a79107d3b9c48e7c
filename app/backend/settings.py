"""The environment of the service as one frozen, validated object. Pure: standard library only."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import SplitResult, urlsplit

REQUIRED = ("DATABASE_URL", "REDIS_URL", "S3_ENDPOINT", "S3_ACCESS_KEY", "S3_SECRET_KEY", "S3_BUCKET")
LONGEST_DRAIN = 3600.0


class SettingsError(ValueError):
    """The environment cannot be used; the message is one sentence for the operator, without any secret value."""


@dataclass(frozen=True)
class ObjectStore:
    """Where the objects are, and with what keys."""

    endpoint: str
    region: str
    bucket: str
    access_key: str = field(repr=False)
    secret_key: str = field(repr=False)


@dataclass(frozen=True)
class Settings:
    """Everything that the environment decides; `drain_timeout` is in seconds."""

    host: str
    port: int
    database_url: str = field(repr=False)
    redis_url: str = field(repr=False)
    objects: ObjectStore
    drain_timeout: float
    release: str | None


def read(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ` (an empty value counts as not set); SettingsError names what is missing or wrong."""
    env = {name: value for name, value in environ.items() if value}
    require(env)
    return Settings(
        host=env.get("HOST", "127.0.0.1"),
        port=port(env.get("PORT", "8000")),
        database_url=url(env, "DATABASE_URL", ("postgresql", "postgres"), "postgresql://user:password@host:5432/name"),
        redis_url=url(env, "REDIS_URL", ("redis", "rediss", "unix"), "redis://:password@host:6379/0"),
        objects=object_store(env),
        drain_timeout=drain_timeout(env.get("DRAIN_TIMEOUT", "10")),
        release=env.get("RELEASE"),
    )


def require(env: Mapping[str, str]) -> None:
    """SettingsError that names every required variable that `env` lacks."""
    missing = [name for name in REQUIRED if name not in env]
    if missing:
        names = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'}"
        raise SettingsError(f"{names} not set in the environment; app/README.md lists every variable.")


def object_store(env: Mapping[str, str]) -> ObjectStore:
    """The S3 settings of `env`."""
    return ObjectStore(
        endpoint=url(env, "S3_ENDPOINT", ("http", "https"), "http://host:9000"),
        region=env.get("S3_REGION", "us-east-1"),
        bucket=env["S3_BUCKET"],
        access_key=env["S3_ACCESS_KEY"],
        secret_key=env["S3_SECRET_KEY"],
    )


def port(text: str) -> int:
    """`text` as a TCP port; 0 lets the system choose one."""
    if not re.fullmatch(r"[0-9]{1,5}", text) or int(text) > 65535:
        raise SettingsError(f"PORT is {text!r}, expected a whole number from 0 to 65535.")
    return int(text)


def drain_timeout(text: str) -> float:
    """`text` as the seconds that requests in flight may take after SIGTERM."""
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not 0 <= seconds <= LONGEST_DRAIN:
        raise SettingsError(f"DRAIN_TIMEOUT is {text!r}, expected seconds from 0 to {LONGEST_DRAIN:.0f}.")
    return seconds


def url(env: Mapping[str, str], name: str, schemes: tuple[str, ...], example: str) -> str:
    """The URL in `env[name]`, refused without being quoted when it is malformed: it may hold a password."""
    value = env[name]
    if re.search(r"%(?![0-9A-Fa-f]{2})", value):
        raise SettingsError(f"{name} has a % that starts no %XX code; write a literal % as %25.")
    if not well_formed(value, schemes):
        raise SettingsError(
            f"{name} is not a usable URL, expected the form {example}"
            " with special characters of the password percent-encoded."
        )
    return value


def well_formed(value: str, schemes: tuple[str, ...]) -> bool:
    """Whether clients cannot misread a part of the password as a host (which they would then print in errors)."""
    try:
        parts = urlsplit(value)
        return parts.scheme in schemes and "://" in value and unambiguous(parts) and ports_valid(parts)
    except ValueError:
        return False


def unambiguous(parts: SplitResult) -> bool:
    """Whether no unencoded `@`, `/` or `#` of a password has moved the borders of the URL's parts."""
    return parts.netloc.count("@") <= 1 and "@" not in parts.path and "@" not in parts.query and not parts.fragment


def ports_valid(parts: SplitResult) -> bool:
    """Whether the port is a number; a list of hosts (`a:1,b:2`, libpq only) is left for libpq to judge."""
    if "," in parts.netloc and parts.scheme.startswith("postgres"):
        return True
    return parts.port is None or parts.port > 0
