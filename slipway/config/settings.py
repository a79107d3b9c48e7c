"""Every setting: its kind, its default, one line of documentation; those of a store are in the store's own file.

`.env.example` is written from them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from slipway.config.contradictions import contradictions
from slipway.config.front_door import FrontDoor, Limits
from slipway.config.types import (
    Bool,
    Bucket,
    Bytes,
    Capabilities,
    Count,
    Cron,
    DatabaseUrl,
    DataDirectory,
    Directories,
    Directory,
    Endpoint,
    ImageName,
    Name,
    Port,
    Prefix,
    Recipients,
    Seconds,
    Secret,
    StackId,
    UrlPath,
    WebUrl,
    derive,
    setting,
)
from slipway.stack import stores

LOCAL = "local"


class Identity(BaseModel):
    project: Name = setting("slipway", "Name of the stack; with ENVIRONMENT it names every container and volume.")
    environment: Name = setting(
        LOCAL,
        "local, or a name such as production; the default comes from the file: .env is local, .env.staging is staging.",
    )
    stack_id: StackId = Field(
        "",
        description="What tells this stack from others of that name on an engine. ./invoke init makes one; the same"
        " wherever this stack is worked on from.",
    )
    engine: Literal["auto", "docker", "embedded", "dokploy"] = setting(
        "auto",
        "Where the stack runs: docker, embedded (local processes), dokploy (a server of Dokploy, by its API), or auto: docker"
        " where an engine answers, else embedded.",
    )
    embedded_programs: Literal["auto", "system", "wheel"] = setting(
        "auto",
        "Servers of the embedded engine: auto takes the system's where they lack nothing that the images have, else wheels.",
    )
    images: Literal["registry", "debian"] = setting(
        "registry", "registry pulls pinned official images; debian builds every image from Debian packages."
    )


class Images(BaseModel):
    image_registry: ImageName = setting(
        "", "Where images that are built are pushed for a server of Dokploy, such as ghcr.io/team. Empty: it has them."
    )
    images_max_days: Count = setting(60, "Days after which doctor names an image as old; 0: it names none.")


class Dokploy(BaseModel):
    dokploy_url: Endpoint = setting("", "Address of the Dokploy server, such as https://dokploy.example.com.")
    dokploy_api_key: Secret = Field(Secret(""), description="API key of Dokploy, made without a rate limit.")
    dokploy_project: str = setting("", "Project in Dokploy. Empty: named as PROJECT.")
    dokploy_environment: str = setting("", "Environment of that project. Empty: named as ENVIRONMENT.")
    dokploy_server: str = setting("", "Id of the server in Dokploy that the stack runs on. Empty: Dokploy's own.")
    dokploy_certificate: Literal["letsencrypt", "custom", "none"] = setting(
        "letsencrypt", "Certificate that Dokploy's proxy has for DOMAIN; none: plain HTTP."
    )
    dokploy_proxy: Endpoint = setting(
        "", "Where this machine reaches Dokploy's proxy, as before DNS leads there. Empty: at DOMAIN."
    )


class App(BaseModel):
    app_image: ImageName = setting("", "Image of your app. Empty: built from APP_CONTEXT.")
    app_context: str = setting("app", "Directory with your app and its Dockerfile.")
    app_command: str = setting(
        "",
        "Command that starts the app; empty: the image's own. $PORT and the app's other variables are filled in. The embedded"
        " engine needs it for an app that is not the one in app/.",
    )
    app_port: Port = setting(8000, "Port that the app listens on; it also gets it as PORT.")
    app_health_path: UrlPath = setting("/health", "Answers 200 while the app's process is alive.")
    app_ready_path: UrlPath = setting("/ready", "Answers 200 when the app can serve: its stores answer too.")
    app_replicas: int = Field(1, ge=1, le=50, description="How many containers of the app run.")
    app_memory: Bytes = setting("512MB", "Memory limit of each app container.")
    app_capabilities: Capabilities = setting(
        "", "Linux capabilities that the app's containers keep, comma separated, such as CHOWN,SETUID,SETGID."
    )
    app_read_only: Bool = setting(
        True, "The app's containers cannot write to their file system but for /tmp and APP_WRITABLE, which are memory."
    )
    app_writable: Directories = setting(
        "", "Directories that the app writes to, comma separated, such as /app/cache; emptied by every restart."
    )
    app_data: DataDirectory | None = setting(
        None,
        "Directory of the app that outlasts its containers, such as /data: a volume that all of them share, not in backups; the"
        " app gets it as APP_DATA. none: there is none. Default: /data for the app in app/, none for another.",
    )
    app_boot_timeout: Seconds = setting(60, "Seconds that the app may take until its ready path answers 200.")


class Deploying(BaseModel):
    gate_timeout: Seconds = setting(60, "Seconds that each store may take until it answers.")
    drain_timeout: Seconds = setting(
        30,
        "Seconds that requests in flight get to end on the old release, and then its process after SIGTERM (at least 10).",
    )
    watch_seconds: int = Field(
        0,
        ge=0,
        le=86400,
        description="Seconds that a new release is watched for errors and "
        "restarts before the old one goes; 0: not at all.",
    )
    watch_errors: int = Field(5, ge=0, le=100, description="Percent of answers that may be 5xx while it is watched.")
    keep_releases: int = Field(5, ge=1, le=1000, description="Releases whose images are kept for a rollback.")
    smoke_collection: str = setting(
        "",
        "Postman collection (v2.1) that proves a release through the front door. Empty: the "
        "one in tests/smoke/ for the app in app/, none for any other.",
    )
    smoke_token: Secret = Field(Secret(""), description="Value of {{token}} in that collection.")
    hook_timeout: Seconds = setting(60, "Seconds that a program in hooks/ may take.")
    hook_url: WebUrl = Field(Secret(""), description="Webhook that hooks/notify posts to.")
    hook_format: Literal["json", "slack", "telegram"] = setting("json", "Shape of what hooks/notify posts.")
    hook_chat: str = setting("", "Telegram chat that hooks/notify writes to, where HOOK_FORMAT is telegram.")


class Backups(BaseModel):
    backup_dir: Directory = setting(
        "", "Directory for backups on the machine that runs the stack. Empty: a volume that down --volumes keeps."
    )
    backup_schedule: Cron = setting("", "When a backup is taken by itself: five fields as cron has them, in UTC.")
    backup_before_migrate: Literal["verify", "drill", "off"] | None = setting(
        None, "Back up before pending migrations, and prove it that way. Default: verify; off on local."
    )
    backup_drill: Literal["schedule", "always", "never"] = setting(
        "schedule",
        "Which backups are restored on trial as soon as they are taken: those of BACKUP_SCHEDULE, all, none.",
    )
    backup_objects: Literal["bytes", "manifest", "off"] = setting(
        "bytes", "What a backup keeps of the object store: the objects, a list of them, nothing."
    )


class Retention(BaseModel):
    backup_keep_last: int = Field(7, ge=1, le=10000, description="Newest backups that backups.prune keeps.")
    backup_keep_daily: Count = setting(7, "Days of which backups.prune keeps the newest backup.")
    backup_keep_weekly: Count = setting(4, "Weeks of which backups.prune keeps the newest backup.")
    backup_keep_monthly: Count = setting(6, "Months of which backups.prune keeps the newest backup.")
    backup_keep_days: Count = setting(0, "Every backup younger than that many days is kept; 0: none for its age.")
    backup_max_days: Count = setting(0, "A backup older than that many days goes, whatever else holds; 0: none.")


class Offsite(BaseModel):
    offsite_s3_bucket: Bucket = setting("", "Bucket elsewhere that every backup is copied to. Empty: none is.")
    offsite_s3_endpoint: Endpoint = setting("", "URL of the S3 store with that bucket.")
    offsite_s3_prefix: Prefix = setting("", "Path in that bucket; the name of the stack follows it.")
    offsite_s3_region: str = setting("us-east-1", "Region that requests to that store are signed for.")
    offsite_s3_access_key: Secret = Field(Secret(""), description="Access key of that store.")
    offsite_s3_secret_key: Secret = Field(Secret(""), description="Secret key of that store.")
    offsite_age_recipient: Recipients = setting(
        "", "Public age keys, comma separated: copies are encrypted for them before they leave. Empty: not encrypted."
    )
    offsite_lock_days: Count = setting(
        0, "Days that object lock keeps each copy from being deleted; 0: what the bucket does by itself."
    )
    offsite_lock_mode: Literal["governance", "compliance"] = setting(
        "governance", "Whether an administrator of the store may lift that lock (governance) or nobody (compliance)."
    )


class SupabaseProject(BaseModel):
    supabase_db_url: DatabaseUrl = Field(
        Secret(""),
        description="Database of a Supabase project that is left: its direct address, or the session pooler's; port 5432.",
    )
    supabase_s3_endpoint: Endpoint = setting(
        "", "S3 endpoint of its storage, such as https://REF.storage.supabase.co/storage/v1/s3: for its objects."
    )
    supabase_s3_region: str = setting("us-east-1", "Region of that endpoint, as the dashboard says it.")
    supabase_s3_access_key: Secret = Field(
        Secret(""), description="Access key of that endpoint, made in the dashboard."
    )
    supabase_s3_secret_key: Secret = Field(Secret(""), description="Secret key of that endpoint.")
    supabase_url: Endpoint = setting(
        "",
        "Address of its API, such as https://REF.supabase.co: for its objects where there is no S3 endpoint, and for prove --collection.",
    )
    supabase_api_key: Secret = Field(Secret(""), description="Key of role service_role, or a secret key, for that API.")


# By the headings that they have in .env.
GROUPS: Mapping[str, tuple[type[BaseModel], ...]] = {
    "The stack": (Identity, Images),
    "The front door": (FrontDoor, Limits),
    "Dokploy": (Dokploy,),
    "The app": (App,),
    **{heading: (fields,) for store in stores.load() for heading, fields in store.groups.items()},
    "Deploying": (Deploying,),
    "Backups": (Backups, *(store.kept for store in stores.load() if store.kept), Retention, Offsite),
    "Leaving Supabase": (SupabaseProject,),
}


# Of several bases pydantic takes the fields of the last one first.
class Settings(*reversed([fields for group in GROUPS.values() for fields in group])):
    """All settings of one environment, validated and frozen."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True)

    app_env: dict[str, Secret] = Field(
        {},
        description="Extra environment of the app: every key that starts with APP_ENV_ reaches it without that prefix.",
    )

    @model_validator(mode="before")
    @classmethod
    def complete(cls, given: dict) -> dict:
        """A settings file that was written before a secret was thought of is complete without it."""
        return derive(cls.model_fields, given)

    @model_validator(mode="after")
    def agree(self) -> Settings:
        """Settings that contradict each other; the message names the key that has to change."""
        for key, expected in contradictions(self):
            raise ValueError(f"{key}\0{expected}")
        return self

    @property
    def data_directory(self) -> str:
        """Where the app's own volume is in its containers; empty where there is none."""
        if self.app_data is None:
            return "/data" if self.app_context == "app" and not self.app_image else ""
        return "" if self.app_data == "none" else self.app_data

    @property
    def local(self) -> bool:
        return self.environment == LOCAL

    @property
    def on_dokploy(self) -> bool:
        return self.engine == "dokploy"

    @property
    def site(self) -> str:
        if self.on_dokploy and self.domain and self.dokploy_certificate == "none":
            return f"http://{self.domain}"
        return super().site

    @property
    def ends_tls(self) -> bool:
        return super().ends_tls and not self.on_dokploy

    @property
    def stack(self) -> str:
        """Name of this stack on its engine: project and environment together."""
        return f"{self.project}-{self.environment}"

    @property
    def front_port(self) -> int:
        return self.http_port or (8080 if self.local else 80)

    @property
    def http_at(self) -> str:
        """What stands before the port where the front door is published; nothing means every address."""
        address = self.http_bind or ("127.0.0.1" if self.local else "")
        return f"[{address}]:" if ":" in address else f"{address}:" if address else ""

    @property
    def backup_proof(self) -> str:
        """How a backup before migrations is proven: verify, drill, or off."""
        return self.backup_before_migrate or ("off" if self.local else "verify")

    @property
    def fixtures_wanted(self) -> bool:
        return self.local if self.load_fixtures is None else self.load_fixtures
