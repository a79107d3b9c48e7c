"""The kinds of values that settings have. Each refusal is phrased as what is expected."""

from __future__ import annotations

import hmac
import ipaddress
import re
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from fractions import Fraction
from ipaddress import ip_address
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr
from pydantic.fields import FieldInfo

SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,15})?)\s*([KMGT])i?B?", re.IGNORECASE | re.ASCII)
SMALLEST = 16 * 2**20  # below it no service starts, and Docker takes 0 for no limit at all
LARGEST = 2**50  # far beyond any machine, and far below what an engine cannot count
LONGEST = 2**31 - 1  # milliseconds, which Postgres counts in four bytes
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30, "T": 2**40}
PRIVATE = "private"
TRUSTED = f"addresses or networks such as 10.0.0.5, 192.168.0.0/16, 2001:db8::/32, or the word {PRIVATE}; not everybody"
WORDS = {"true": True, "yes": True, "on": True, "1": True, "false": False, "no": False, "off": False, "0": False}


class Secret(SecretStr):
    """A string that never shows itself: it prints as dots wherever it lands."""

    def _display(self) -> str:
        return "•••" if self.get_secret_value() else ""


def length(value: Any) -> int:
    """Bytes of a size such as 512MB or 1.5GB (powers of 1024, as Docker counts them)."""
    if isinstance(value, int):
        return value
    match = SIZE.fullmatch(str(value).strip())
    if not match:
        raise ValueError("a size such as 512MB or 2GB")
    return int(Fraction(match[1]) * UNITS[match[2].upper()])


def size(value: Any) -> int:
    """The same for memory."""
    if not SMALLEST <= (found := length(value)) <= LARGEST and not isinstance(value, int):
        raise ValueError(f"a size of 16MB or more{', and 1024TB or less' if found > LARGEST else ''}")
    return found


def length_or_none(value: Any) -> int:
    """The same, or 0 for no limit."""
    return 0 if value == "0" else length(value)


def boolean(value: Any) -> Any:
    """Strict, so that a typing slip is an error and the word false is not true."""
    if isinstance(value, str):
        if value.lower() not in WORDS:
            raise ValueError("true or false")
        return WORDS[value.lower()]
    return value


def split_list(value: Any) -> Any:
    return tuple(part.strip() for part in value.split(",") if part.strip()) if isinstance(value, str) else value


def trusted_proxy(value: str) -> str:
    """An address or network as Caddy reads it, or the word for those that no public network routes."""
    if value == PRIVATE:
        return value
    try:
        network = ipaddress.ip_network(value)
    except ValueError:
        raise ValueError(TRUSTED) from None
    if not network.prefixlen or "%" in value:  # everybody: then whoever likes may say who he is
        raise ValueError(TRUSTED)
    return value


def cron(value: str) -> str:
    """A schedule as cron has it: five fields. The library that runs it says whether it is one."""
    from cronsim import CronSim, CronSimError

    if value:
        try:
            if len(value.split()) != 5:
                raise CronSimError
            CronSim(value, datetime.now(UTC))
        except CronSimError:
            raise ValueError("five fields as cron has them, in UTC, such as 30 3 * * *") from None
    return value


def address(value: str) -> str:
    """An IP address in its usual spelling, or nothing."""
    try:
        return str(ip_address(value)) if value else ""
    except ValueError:
        raise ValueError("an IP address of this machine, such as 127.0.0.1, 10.0.0.5 or ::1") from None


def has_ports(url: str) -> bool:
    """Whether every host of a URL (a database may have several) is one, with a port that exists."""
    hosts = re.split("[/?#]", url.partition("://")[2])[0].rpartition("@")[2].split(",")
    try:
        return all(urlsplit(f"//{host}").port != 0 for host in hosts)
    except ValueError:
        return False


def has_labels(name: str) -> bool:
    """Whether a host name is no longer than DNS can hold, and no part of it either."""
    return len(name) <= 253 and all(len(label) <= 63 for label in name.split("."))


def fits(duration: str) -> bool:
    digits, unit = re.fullmatch(r"(\d+)(\D*)", duration).groups()
    return len(digits) < 15 and int(digits) * {"": 1, "ms": 1, "s": 1000, "min": 60_000}[unit] <= LONGEST


def match_pattern(pattern: str, expected: str, also: Callable[[str], bool] = lambda text: True) -> AfterValidator:
    """Refuses text that is not of that form, or of which `also` is not true."""

    def check(value: Any) -> Any:
        text = value.get_secret_value() if isinstance(value, SecretStr) else value
        if text and not (re.fullmatch(pattern, text, re.ASCII) and also(text)):
            raise ValueError(expected)
        return value

    return AfterValidator(check)


Name = Annotated[str, match_pattern(r"[a-z][a-z0-9-]{0,30}", "lower-case letters, digits and -, a letter first")]
Identifier = Annotated[str, match_pattern(r"[a-z][a-z0-9_]{0,40}", "lower-case letters, digits and _, a letter first")]
UrlPath = Annotated[str, match_pattern(r"/[A-Za-z0-9/._~%-]*", "a path that starts with /, such as /ready")]
Domain = Annotated[
    str,
    match_pattern(
        r"(?i)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}", "a host name such as app.example.org", has_labels
    ),
]
Loopback = Annotated[
    str,
    match_pattern(
        r"127\.0\.0\.1:\d{2,5}",
        "a loopback address with a port, such as 127.0.0.1:5432",
        lambda text: has_ports(f"tcp://{text}"),
    ),
]
Duration = Annotated[
    str, match_pattern(r"0|\d+(ms|s|min)", "0, or a time as Postgres writes it, such as 500ms or 5s", fits)
]
StackId = Annotated[str, match_pattern(r"[0-9A-Za-z._-]{1,64}", "letters, digits, dot, _ and -, 64 at most")]
ImageName = Annotated[
    str, match_pattern(r"[A-Za-z0-9][A-Za-z0-9._/:@-]*", "an image reference such as ghcr.io/team/app:1.2")
]
Endpoint = Annotated[
    str,
    match_pattern(
        r"https?://[^/\s@]+/?", "an http or https URL without a path, such as https://s3.example.org", has_ports
    ),
]
DatabaseUrl = Annotated[
    Secret, match_pattern(r"postgres(ql)?://\S+/\S+", "postgresql://user:password@host:5432/database", has_ports)
]
WebUrl = Annotated[Secret, match_pattern(r"https?://[^/\s]+(/\S*)?", "an http or https URL", has_ports)]
# It stands inside a connection URL of the rendered file, where nothing can percent-encode it.
UrlSafe = Annotated[
    Secret, match_pattern(r"[A-Za-z0-9._~-]*", "letters, digits and . _ ~ - only (it stands inside a URL)")
]
Bucket = Annotated[str, match_pattern(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]", "bucket names: 3 to 63 of a-z 0-9 . -")]
Bytes = Annotated[int, BeforeValidator(size)]
# Below it a browser's own headers do not fit, and above the largest nothing is limited.
Line = Annotated[int, BeforeValidator(length), Field(ge=2**10, le=2**20)]
Body = Annotated[int, BeforeValidator(length_or_none), Field(ge=0, le=2**50)]
Bool = Annotated[bool, BeforeValidator(boolean)]
Buckets = Annotated[tuple[Bucket, ...], BeforeValidator(split_list)]
Capability = Annotated[str, match_pattern(r"[A-Z_]+", "names of Linux capabilities without CAP_, such as SETUID")]
Capabilities = Annotated[tuple[Capability, ...], BeforeValidator(split_list)]
Recipient = Annotated[str, match_pattern(r"age1[02-9ac-hj-np-z]{58}", "public keys as age-keygen prints them: age1…")]
Recipients = Annotated[tuple[Recipient, ...], BeforeValidator(split_list)]
TrustedProxies = Annotated[tuple[Annotated[str, AfterValidator(trusted_proxy)], ...], BeforeValidator(split_list)]
Prefix = Annotated[str, match_pattern(r"[A-Za-z0-9!_.*'()-]+(/[A-Za-z0-9!_.*'()-]+)*", "a path such as team/slipway")]
Words = Annotated[tuple[str, ...], BeforeValidator(split_list)]
Cron = Annotated[str, AfterValidator(cron)]
Count = Annotated[int, Field(ge=0, le=10000)]
Directory = Annotated[str, match_pattern(r"/[A-Za-z0-9/._@%+ -]*", "an absolute path, such as /srv/backups")]
DataDirectory = Annotated[str, match_pattern(r"none|/[A-Za-z0-9/._-]+", "an absolute path, such as /data, or none")]
Directories = Annotated[tuple[Directory, ...], BeforeValidator(split_list)]
Address = Annotated[str, AfterValidator(address)]
Port = Annotated[int, Field(ge=1, le=65535)]
Seconds = Annotated[int, Field(ge=1, le=86400)]
SecondsOrNone = Annotated[int, Field(ge=0, le=86400)]


def setting(default: Any, doc: str) -> Any:
    return Field(default, description=doc, validate_default=True)


def generated_setting(doc: str, prefix: str = "", digits: int = 40, made_of: str = "") -> Any:
    """A secret that `./invoke init` makes of random hexadecimal digits. No default: attackers try those first.

    With `made_of`, one that a settings file of before lacks: it is then made of that other one.
    """
    return Field(
        Secret(""), description=doc, json_schema_extra={"prefix": prefix, "digits": digits, "made_of": made_of}
    )


def derive(fields: Mapping[str, FieldInfo], given: dict[str, Any]) -> dict[str, Any]:
    """The values with each secret that is missing and made of another one; one way, so that it does not tell that one."""
    for name, field in fields.items():
        source = (field.json_schema_extra or {}).get("made_of") if not given.get(name) else ""
        if source and (value := given.get(source)):
            plain = value.get_secret_value() if isinstance(value, SecretStr) else str(value)
            given = given | {name: hmac.new(plain.encode(), name.encode(), "sha256").hexdigest()[:40]}
    return given
