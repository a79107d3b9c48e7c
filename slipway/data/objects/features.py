"""What an object store may be able to do: the names, which of them no app can miss, and which provider has which."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

from slipway.errors import GateError, SettingsError

CORE = ("put", "get", "list", "delete", "multipart", "presign")
OPTIONAL = (
    "head",
    "range",
    "copy",
    "delete_many",
    "metadata",
    "conditional_put",
    "versioning",
    "lifecycle",
    "policy",
    "cors",
    "tagging",
    "acl",
    "object_lock",
    "post_form",
)
# From the providers' own documentation in 2026; what counts on a given machine is what the canary finds there.
PROVIDERS = {
    "conditional_put": ("minio", "rustfs"),
    "versioning": ("minio", "rustfs"),
    "lifecycle": ("minio", "rustfs"),
    "policy": ("minio", "rustfs"),
    "cors": ("minio", "rustfs", "garage"),
    "tagging": ("minio", "rustfs"),
    "object_lock": ("minio",),
    "post_form": ("minio", "rustfs", "garage"),
    "metadata": ("minio", "rustfs", "garage"),
    "range": ("minio", "rustfs", "garage"),
    "acl": ("minio",),
}
# What no check in one sitting can see; from the providers' sources.
KNOWN_LACKS = {("rclone", "metadata"): "user metadata is kept in memory: gone when the store restarts"}


def check_names(wanted: Iterable[str]) -> None:
    """Raises SettingsError for a feature that does not exist, with the nearest one that does."""
    for name in wanted:
        if name not in CORE + OPTIONAL:
            near = difflib.get_close_matches(name, CORE + OPTIONAL, 1)
            raise SettingsError(
                "S3_REQUIRE", name, near[0] if near else ", ".join(CORE + OPTIONAL), "edit S3_REQUIRE in .env"
            )


def refuse_lacking(found: Mapping[str, Mapping], required: Iterable[str], provider: str) -> None:
    """Raises GateError for the first feature that the store lacks: a core one, or one that the settings require."""
    for name in dict.fromkeys((*CORE, *required)):
        state = found.get(name, {"ok": False, "reason": "not checked"})
        if not state["ok"]:
            raise lacking_error(name, state["reason"], provider, name in CORE)


def lacking_error(name: str, reason: str, provider: str, core: bool) -> GateError:
    have = ", ".join(PROVIDERS.get(name, ("minio", "rustfs", "garage", "rclone")))
    why = "every app needs it" if core else "S3_REQUIRE asks for it"
    step = f"set S3_PROVIDER to one of {have}" + ("" if core else f", or take {name} out of S3_REQUIRE")
    return GateError(f"objects gate, provider {provider}", f"lacks {name}: {reason}", f"{name} ({why})", step)
