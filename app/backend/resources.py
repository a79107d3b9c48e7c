"""What the service opens at start and closes at the end."""

from __future__ import annotations

import asyncio
import hmac
import logging
import sqlite3
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from redis.asyncio import Redis

from backend import tracing
from backend.adapters import keys
from backend.adapters.buffer import SqliteBuffer
from backend.adapters.credentials import SignedTokens, ThreadedPasswords
from backend.adapters.http.delivery import Storage
from backend.adapters.keys import Keys
from backend.adapters.links import Links
from backend.adapters.objects.bytes import objects_of
from backend.adapters.objects.client import objects_check, s3_client
from backend.adapters.postgres.pool import PostgresDatabase, database_at
from backend.adapters.postgres.readiness import postgres_check
from backend.adapters.redis.client import redis_check, redis_client
from backend.adapters.redis.limits import Limits
from backend.adapters.redis.sessions import Sessions
from backend.domain.readiness import Readiness
from backend.domain.sessions import Lives
from backend.settings import Settings, SettingsError
from backend.usecases import kept
from backend.usecases.auth import Auth

SWEEP = 3600.0  # seconds
TURN = 1.0  # seconds


@asynccontextmanager
async def resources(settings: Settings) -> AsyncIterator[dict[str, Any]]:
    """Database and readiness for `request.state`; every connection is closed at the end."""
    database, redis = database_at(settings.database_url), redis_client(settings.redis_url)
    await database.open()
    auth = auth_with(settings, database, redis)
    checks = {
        "postgres": postgres_check(settings.database_url),
        "redis": redis_check(redis),
        "objects": objects_check(settings.objects),
    }
    storage = storage_with(settings)
    flush = tracing.begin(settings.release) if settings.otel_exporter_otlp_endpoint else None
    buffer = SqliteBuffer(Path(settings.app_data)) if settings.app_data else None
    carrying = asyncio.create_task(carry_out(database, buffer)) if buffer else None
    sweeping = asyncio.create_task(sweep(database))
    warming = asyncio.create_task(asyncio.to_thread(s3_client, settings.objects))
    try:
        made = {"database": database, "auth": auth, "storage": storage, "buffer": buffer}
        yield {**made, "readiness": Readiness(checks), "release": settings.release}
    finally:
        await ended(sweeping, carrying)
        if buffer:
            buffer.close()
        storage.bytes.threads.shutdown(wait=False, cancel_futures=True)
        await asyncio.gather(database.close(), redis.aclose(), warming, return_exceptions=True)
        if flush:
            await asyncio.to_thread(flush)
        logging.getLogger("backend").info("stopped: connections closed")


async def ended(*tasks: asyncio.Task[Any] | None) -> None:
    """End what runs in the background."""
    running = [task for task in tasks if task]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def carry_out(database: PostgresDatabase, buffer: SqliteBuffer) -> None:
    """Carry out kept writes, in order, as soon as the database is there, for as long as the service runs."""
    while True:
        try:
            await buffer.look()
            while await kept.carry_out_next(database, buffer):
                pass
        except Exception:  # the next second is another try
            logging.getLogger("backend").exception("kept writes were not carried out")
        await asyncio.sleep(TURN)


async def sweep(database: PostgresDatabase) -> None:
    """Remove what has expired, every hour, for as long as the service runs."""
    while True:
        await asyncio.sleep(SWEEP)
        try:
            await database.expire_keys()
        except Exception as error:  # the next hour is another try
            logging.getLogger("backend").warning("expired keys were not removed: %s", type(error).__name__)


def auth_with(settings: Settings, database: PostgresDatabase, redis: Redis) -> Auth:
    """What logins are made with."""
    lives = Lives(timedelta(seconds=settings.session_idle), timedelta(seconds=settings.session_life))
    lifetime = timedelta(seconds=settings.jwt_lifetime)
    return Auth(
        logins=database,
        sessions=Sessions(redis, derived(settings, b"refresh tokens"), lives),
        limits=Limits(redis),
        passwords=ThreadedPasswords(),
        tokens=SignedTokens(keys_of(settings), settings.jwt_issuer, settings.jwt_other_issuers, lifetime),
        now=lambda: datetime.now(UTC),
        registration=settings.registration,
    )


def storage_with(settings: Settings) -> Storage:
    """What objects are taken and given with. Old addresses were signed with the secret of the access tokens."""
    secret = settings.storage_url_secret or settings.jwt_secret or derived(settings, b"storage addresses").hex()
    return Storage(
        objects_of(settings.objects, settings.s3_public_endpoint),
        Links(secret),
        settings.storage_delivery == "redirect",
    )


def refuse_unusable(settings: Settings) -> None:
    """Raises SettingsError for keys that cannot be used, and for a directory that cannot be written to."""
    keys_of(settings)
    if settings.app_data:
        try:
            SqliteBuffer(Path(settings.app_data)).close()
        except (OSError, sqlite3.Error) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise SettingsError(f"APP_DATA is {settings.app_data!r}: it cannot be written to ({reason}).") from None


def keys_of(settings: Settings) -> Keys:
    """The keys of access tokens. Raises SettingsError for one that cannot be used."""
    secret = settings.jwt_secret
    if not secret and not settings.jwt_signing_key:
        secret = derived(settings, b"access tokens").hex()
    try:
        return keys.read(secret, settings.jwt_signing_key, settings.jwt_verify_keys)
    except ValueError as error:
        raise SettingsError(str(error)) from None


def derived(settings: Settings, purpose: bytes) -> bytes:
    """A key that every process of this service makes alike, of a secret that it has anyway.

    When that changes, access tokens end before their time, and the refresh that follows gives good ones.
    """
    return hmac.digest(settings.s3_secret_key.encode(), b"slipway backend: " + purpose, "sha256")
