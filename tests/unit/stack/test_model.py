"""The stack as data: which services, from which images, and what each is told."""

from __future__ import annotations

import pytest

from slipway.stack import contract, model
from slipway.stack.stores import objects, postgres, redis
from tests.unit.conftest import settings_of

EXTERNAL = {"postgres": "external", "database_url": "postgresql://u:5ecreT-url@db/x"}
S3_ELSEWHERE = {"s3_provider": "external", "s3_endpoint": "https://s3.example.org"}


@pytest.mark.parametrize(
    ("values", "names"),
    [
        ({}, ["postgres", "redis", "objects", "ops", "app", "gateway"]),
        (EXTERNAL, ["redis", "objects", "ops", "app", "gateway"]),
        (S3_ELSEWHERE, ["postgres", "redis", "ops", "app", "gateway"]),
        ({"pitr": True}, ["postgres", "redis", "objects", "ops", "pitr", "app", "gateway"]),
        (EXTERNAL | S3_ELSEWHERE, ["redis", "ops", "app", "gateway"]),
    ],
)
def test_what_is_external_is_no_service(values, names):
    built = model.build(settings_of(**values))
    assert [service.name for service in built.services] == names
    assert built["app"].needs == tuple(service.name for service in built.stores)
    assert ("postgres" in built) == ("postgres" in names)


@pytest.mark.parametrize(
    ("values", "provider"),
    [
        ({}, "minio"),
        ({"images": "debian"}, "rclone"),
        ({"s3_provider": "rustfs"}, "rustfs"),
        (S3_ELSEWHERE, "external"),
    ],
)
def test_the_object_store_by_default(values, provider):
    assert model.build(settings_of(**values)).provider == provider


@pytest.mark.parametrize(
    ("values", "name", "image"),
    [
        ({}, "postgres", "postgres:18-trixie"),
        ({"postgres_version": "17"}, "postgres", "postgres:17-trixie"),
        ({"pitr": True}, "postgres", "${SLIPWAY_POSTGRES_IMAGE:-slipway/postgres:latest}"),
        ({"pitr": True}, "pitr", "${SLIPWAY_OPS_IMAGE:-slipway/ops:latest}"),
        ({"redis": "valkey"}, "redis", "valkey/valkey:9"),
        ({"images": "debian"}, "postgres", "${SLIPWAY_POSTGRES_IMAGE:-slipway/postgres:latest}"),
        ({}, "app", "slipway/app:latest"),
        ({"app_image": "ghcr.io/team/app:1.2"}, "app", "ghcr.io/team/app:1.2"),
    ],
)
def test_images(values, name, image):
    assert model.build(settings_of(**values))[name].image == image


@pytest.mark.parametrize(
    "image", [*postgres.OFFICIAL.values(), *redis.OFFICIAL.values(), model.GATEWAY, *objects.OFFICIAL.values()]
)
def test_official_images_are_pinned_by_tag(image):
    assert ":" in image and not image.endswith(":latest")


def test_the_app_gets_one_url_per_store_and_its_own_environment():
    built = model.build(settings_of(app_env={"TOKEN": "5ecreT"}, s3_buckets="a-b,c-d"))
    told = dict(pair.split("=", 1) for pair in built["app"].environment)
    assert set(told) == {
        "HOST",
        "PORT",
        "APP_DATA",
        "DATABASE_URL",
        "REDIS_URL",
        "S3_ENDPOINT",
        "S3_REGION",
        "S3_ACCESS_KEY",
        "S3_SECRET_KEY",
        "S3_BUCKET",
        "TOKEN",
    }
    assert told["TOKEN"].startswith("${APP_ENV_TOKEN:?") and told["S3_BUCKET"] == "a-b"
    assert told["DATABASE_URL"].startswith("postgresql://slipway_app:${POSTGRES_APP_PASSWORD:?")


@pytest.mark.parametrize(
    ("settings", "directory"),
    [
        ({}, "/data"),
        ({"app_context": "shop"}, ""),
        ({"app_image": "ghcr.io/team/shop:1"}, ""),
        ({"app_data": "none"}, ""),
        ({"app_context": "shop", "app_data": "/srv/shop"}, "/srv/shop"),
    ],
)
def test_the_app_has_a_volume_where_the_settings_say_so_or_it_is_the_one_in_app(settings, directory):
    told = dict(pair.split("=", 1) for pair in model.build(settings_of(**settings))["app"].environment)
    assert told.get("APP_DATA", "") == directory


def test_the_app_never_learns_the_passwords_of_other_roles():
    told = " ".join(model.build(settings_of())["app"].environment)
    assert not [role for role in ("MIGRATE", "BACKUP", "READONLY") if f"POSTGRES_{role}" in told]
    assert "POSTGRES_PASSWORD" not in told


def test_one_external_url_serves_both_roles_unless_migrations_have_their_own():
    at, voice = contract.addresses(settings_of()), contract.in_clear
    one = settings_of(**EXTERNAL)
    two = settings_of(**EXTERNAL, migrate_database_url="postgresql://m:5ecreT-m@db/x")
    assert postgres.STORE.ops(one, at, voice(one))["MIGRATE_DATABASE_URL"] == "postgresql://u:5ecreT-url@db/x"
    assert postgres.STORE.ops(two, at, voice(two))["MIGRATE_DATABASE_URL"] == "postgresql://m:5ecreT-m@db/x"
    assert "ADMIN_DATABASE_URL" not in postgres.STORE.ops(one, at, voice(one))
