"""The environment of the service as one frozen, validated object."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from backend.urls import checked

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


def url(example: str, *schemes: str) -> Any:
    """A required URL of one of `schemes`; it may hold a password, so it is never shown."""
    return Annotated[str, Field(repr=False), AfterValidator(lambda value: checked(value, schemes, example))]


def words(value: Any) -> Any:
    """A list in text, by commas."""
    return tuple(word.strip() for word in value.split(",") if word.strip()) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(words)]
# Where a gateway of the same stack asks from: no address outside may be one of these.
LOCAL = ("127.0.0.0/8", "::1", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7")


class Settings(BaseModel):
    """Everything that the environment decides: each field is a variable of that name in capitals."""

    model_config = ConfigDict(frozen=True, hide_input_in_errors=True)

    host: str = "127.0.0.1"
    port: int = Field(8000, ge=0, le=65535)
    database_url: url("postgresql://user:password@host:5432/name", "postgresql", "postgres")
    redis_url: url("redis://:password@host:6379/0", "redis", "rediss", "unix")
    s3_endpoint: url("http://host:9000", "http", "https")
    s3_region: str = "us-east-1"
    s3_access_key: str = Field(repr=False)
    s3_secret_key: str = Field(repr=False)
    s3_bucket: str
    s3_public_endpoint: url("https://files.example.org", "http", "https") = Field(None, repr=False)
    storage_delivery: Literal["stream", "redirect"] = "stream"
    storage_url_secret: str | None = Field(None, repr=False, min_length=32)
    jwt_secret: str | None = Field(None, repr=False)
    jwt_signing_key: str | None = Field(None, repr=False)
    jwt_verify_keys: str | None = Field(None, repr=False)
    jwt_issuer: str = "slipway"
    jwt_other_issuers: Words = ()
    jwt_lifetime: int = Field(3600, ge=30, le=86_400, description="seconds that an access token is good for")
    session_idle: int = Field(30 * 86_400, ge=60, description="seconds after which an unused session ends")
    session_life: int = Field(90 * 86_400, ge=60, description="seconds after which any session ends")
    registration: bool = True
    trusted_proxies: Words = LOCAL
    cors_origins: Words = ()
    otel_exporter_otlp_endpoint: str | None = None
    app_data: str | None = Field(None, description="directory that outlasts the process")
    client_patience: float = Field(30.0, gt=0, le=LONGEST_DRAIN, description="seconds")
    drain_timeout: float = Field(10.0, ge=0, le=LONGEST_DRAIN, description="seconds")
    release: str | None = None

    @property
    def objects(self) -> ObjectStore:
        """The S3 store."""
        return ObjectStore(self.s3_endpoint, self.s3_region, self.s3_bucket, self.s3_access_key, self.s3_secret_key)


REQUIRED = tuple(name.upper() for name, each in Settings.model_fields.items() if each.is_required())


def read(environ: Mapping[str, str]) -> Settings:
    """The settings in `environ` (an empty value counts as not set); SettingsError names what is missing or wrong."""
    env = {name: environ[name.upper()] for name in Settings.model_fields if environ.get(name.upper())}
    try:
        return Settings.model_validate(env)
    except ValidationError as error:
        raise SettingsError(sentence(error, env)) from None


def sentence(error: ValidationError, env: Mapping[str, str]) -> str:
    """What to mend: all that is missing, or the first that is wrong."""
    found = error.errors(include_url=False, include_input=False)
    missing = [str(each["loc"][0]).upper() for each in found if each["type"] == "missing"]
    if missing:
        names = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'}"
        return f"{names} not set in the environment; app/README.md lists every variable."
    name, said = str(found[0]["loc"][0]), found[0]["msg"].removeprefix("Value error, ")
    shown = f" is {env[name]!r}" if Settings.model_fields[name].repr else ""
    return f"{name.upper()}{shown}: {said[:1].lower()}{said[1:].rstrip('.')}."
