"""Postgres: the stack's own, or one elsewhere that DATABASE_URL names."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from slipway.config.types import (
    Bool,
    Bytes,
    DatabaseUrl,
    Duration,
    Identifier,
    Loopback,
    Secret,
    UrlSafe,
    generated_setting,
    setting,
)
from slipway.stack import pitr, tuning
from slipway.stack.stores import Store

if TYPE_CHECKING:
    from slipway.config.settings import Settings
    from slipway.stack.voice import Addresses, Voice

OFFICIAL = {"18": "postgres:18-trixie", "17": "postgres:17-trixie"}


class Fields(BaseModel):
    postgres: Literal["bundled", "external"] = setting(
        "bundled", "bundled runs Postgres in the stack; external uses DATABASE_URL."
    )
    postgres_version: Literal["17", "18"] = setting("18", "Major version of the bundled Postgres.")
    postgres_db: Identifier = setting("slipway", "Database name; its roles are NAME_owner, NAME_migrate, NAME_app, …")
    postgres_memory: Bytes = setting("1GB", "Memory limit of Postgres; its buffers are tuned from it.")
    postgres_max_connections: int = Field(100, ge=10, le=5000, description="Connections that Postgres accepts.")
    postgres_expose: Loopback = setting("", "Publish Postgres on loopback for pgAdmin or DBeaver: 127.0.0.1:5432.")
    postgres_password: UrlSafe = generated_setting("Password of the superuser; only the stack itself uses it.")
    postgres_migrate_password: UrlSafe = generated_setting("Password of the role that migrates.")
    postgres_app_password: UrlSafe = generated_setting("Password of the role that the app connects as.")
    postgres_readonly_password: UrlSafe = generated_setting("Password of the role that can only read.")
    postgres_backup_password: UrlSafe = generated_setting("Password of the role that takes backups.")
    database_url: DatabaseUrl = Field(Secret(""), description="External Postgres that the app connects to.")
    migrate_database_url: DatabaseUrl = Field(
        Secret(""), description="External Postgres as the role that migrates. Default: DATABASE_URL."
    )
    migrate_lock_timeout: Duration = setting("5s", "How long a migration waits for a lock before it gives way.")
    migrate_statement_timeout: Duration = setting("0", "How long one statement of a migration may run; 0: no limit.")
    rehearse: Bool = setting(
        "false", "Rehearse pending migrations on a copy of the live data first; what fails there stops up and deploy."
    )
    load_fixtures: Bool | None = setting(None, "Load fixtures/ on up. Default: true on local, false elsewhere.")


def image(settings: Settings) -> str | None:
    """The official image has no pgBackRest: where PITR is on, it is the floor of one that is built here."""
    return None if settings.pitr else OFFICIAL[settings.postgres_version]


def secrets(settings: Settings) -> list[str]:
    roles = ("", "MIGRATE_", "APP_", "READONLY_", "BACKUP_")
    return [f"POSTGRES_{role}PASSWORD" for role in roles] if settings.postgres == "bundled" else []


def values(settings: Settings) -> dict[str, object]:
    tuned = tuning.postgres(settings.postgres_memory, settings.postgres_max_connections)
    return {"tuned": tuned | pitr.server(settings), "outside": pitr.outside(settings)}


def ops(settings: Settings, at: Addresses, voice: Voice) -> dict[str, str]:
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
        "DATABASE_URL": database_url(settings, at, voice),
        "DATABASE_OWNER": f"{name}_owner",
        "ROLE_PASSWORDS": json.dumps(
            {
                f"{name}_{role}": voice.secret(f"POSTGRES_{role.upper()}_PASSWORD")
                for role in ("migrate", "app", "readonly", "backup")
            }
        ),
    }


def database_url(settings: Settings, at: Addresses, voice: Voice) -> str:
    if settings.postgres == "external":
        return voice.secret("DATABASE_URL")
    name = settings.postgres_db
    return url(f"{name}_app", voice.secret("POSTGRES_APP_PASSWORD"), at, name)


def url(role: str, password: str, at: Addresses, database: str) -> str:
    return f"postgresql://{role}:{password}@{at['postgres']}/{database}"


STORE = Store(
    name="postgres",
    official=tuple(OFFICIAL.values()),
    groups={"Postgres": Fields, "Any moment back": pitr.Fields},
    image=image,
    memory=lambda settings: settings.postgres_memory,
    address=lambda settings: "postgres:5432",
    secrets=secrets,
    app=lambda settings, at, voice: {"DATABASE_URL": database_url(settings, at, voice)},
    ops=ops,
    environment=pitr.environment,
    values=values,
    bundled=lambda settings: settings.postgres == "bundled",
    data_of=lambda settings: f"POSTGRES_VERSION={settings.postgres_version}",
    # Not what it says to a client that it does not let in.
    complaint=r"(?:FATAL|PANIC):\s+(?!\s|the database system is|password authentication|terminating connection|role )(.+)",
)
