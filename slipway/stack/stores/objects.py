"""The object store, which speaks S3: one of four that the stack can run, or one elsewhere."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pydantic import BaseModel, Field

from slipway.config.types import Buckets, Bytes, Endpoint, Secret, UrlSafe, Words, generated_setting, setting
from slipway.stack.stores import Store

if TYPE_CHECKING:
    from slipway.config.settings import Settings
    from slipway.stack.voice import Addresses, Voice

# MinIO's own images left Docker Hub in September 2026. Silo is the maintained fork: same environment, ports, routes.
OFFICIAL = {
    "minio": "pgsty/silo:RELEASE.2026-09-03T13-18-01Z",
    "rustfs": "rustfs/rustfs:1.0.0",
    "garage": "dxflrs/garage:v2.4.1",
    "rclone": "rclone/rclone:1.75.2",
}


class Fields(BaseModel):
    s3_provider: Literal["minio", "rustfs", "garage", "rclone", "external"] | None = setting(
        None, "Object store. Default: minio; rclone with IMAGES=debian and on the embedded engine."
    )
    s3_endpoint: Endpoint = setting("", "URL of the external object store, where S3_PROVIDER is external.")
    s3_region: str = setting("us-east-1", "Region that requests are signed for.")
    # The form that Garage insists on; every other store takes it too.
    s3_access_key: UrlSafe = generated_setting("Access key of the object store.", prefix="GK", digits=24)
    s3_secret_key: Secret = generated_setting("Secret key of the object store.", digits=64)
    s3_app_access_key: UrlSafe = Field(
        Secret(""), description="Access key that the app has, bound to S3_BUCKETS at the store. Default: S3_ACCESS_KEY."
    )
    s3_app_secret_key: Secret = Field(Secret(""), description="Secret key of that one.")
    garage_rpc_secret: Secret = generated_setting(
        "Secret of Garage's own protocol, where S3_PROVIDER is garage.", digits=64
    )
    s3_buckets: Buckets = setting("app", "Buckets to make, comma separated; the app gets the first as S3_BUCKET.")
    s3_require: Words = setting("", "Features that the store must have, comma separated, such as versioning, cors.")
    objects_memory: Bytes = setting("512MB", "Memory limit of the object store.")


def provider(settings: Settings) -> str:
    return settings.s3_provider or ("rclone" if settings.images == "debian" else "minio")


def secrets(settings: Settings) -> list[str]:
    garage = ["GARAGE_RPC_SECRET"] if settings.s3_provider == "garage" else []
    return ["S3_ACCESS_KEY", "S3_SECRET_KEY", *garage]


def endpoint(settings: Settings, at: Addresses) -> str:
    return settings.s3_endpoint or f"http://{at['objects']}"


def client(settings: Settings, at: Addresses, voice: Voice, whose: str = "S3") -> dict[str, str]:
    """What every client of the store has to know."""
    return {
        "S3_ENDPOINT": voice.literal(endpoint(settings, at)),
        "S3_REGION": voice.literal(settings.s3_region),
        "S3_ACCESS_KEY": voice.secret(f"{whose}_ACCESS_KEY"),
        "S3_SECRET_KEY": voice.secret(f"{whose}_SECRET_KEY"),
    }


def own_key(settings: Settings) -> bool:
    """Whether the app has another key than the stack."""
    return bool(settings.s3_app_access_key.get_secret_value())


def app(settings: Settings, at: Addresses, voice: Voice) -> dict[str, str]:
    whose = "S3_APP" if own_key(settings) else "S3"
    return client(settings, at, voice, whose) | {"S3_BUCKET": settings.s3_buckets[0]}


def excess(settings: Settings) -> str:
    if provider(settings) == "rclone":
        return "rclone has no policies: the app's key reaches every bucket; S3_PROVIDER=minio has them"
    if not own_key(settings):
        return "the app has the store's own key, for every bucket; docs/rights.md makes one for S3_BUCKETS alone"
    return ""


def ops(settings: Settings, at: Addresses, voice: Voice) -> dict[str, str]:
    of_app = app(settings, at, voice) if own_key(settings) else {}
    told = {f"S3_APP_{part}_KEY": of_app[f"S3_{part}_KEY"] for part in ("ACCESS", "SECRET") if of_app}
    return (
        client(settings, at, voice)
        | told
        | {
            "S3_BUCKETS": ",".join(settings.s3_buckets),
            "S3_PROVIDER": provider(settings),
            "S3_REQUIRE": voice.literal(",".join(settings.s3_require)),
        }
    )


STORE = Store(
    name="objects",
    official=tuple(OFFICIAL.values()),
    groups={"The object store": Fields},
    image=lambda settings: OFFICIAL[provider(settings)],
    memory=lambda settings: settings.objects_memory,
    address=lambda settings: "objects:3900" if settings.s3_provider == "garage" else "objects:9000",
    secrets=secrets,
    app=app,
    ops=ops,
    bundled=lambda settings: provider(settings) != "external",
    excess=excess,
    data_of=lambda settings: f"S3_PROVIDER={provider(settings)}",
    values=lambda settings: {"app_has_own_key": own_key(settings)},
    floors=("base", "python"),
)
