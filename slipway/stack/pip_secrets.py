"""What an image build needs to know of this machine's Python index: pip's own configuration and the CA bundle."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

URLS = ("index-url", "extra-index-url", "find-links")
PLAIN = ("trusted-host", "proxy", "timeout", "default-timeout", "retries")
REACHABLE = ("http://", "https://")


def pip_config_list() -> str:
    """What pip itself says of its configuration, files and environment together; empty where there is no pip."""
    argv = [sys.executable, "-m", "pip", "--disable-pip-version-check", "config", "list"]
    return subprocess.run(argv, capture_output=True, text=True).stdout


def effective(listing: str) -> dict[str, str]:
    """The settings that `pip install` follows: [install] over [global], and the environment over both."""
    order = ("global", "install", ":env:")
    seen: dict[str, dict[str, str]] = {section: {} for section in order}
    for line in listing.splitlines():
        place, found, value = line.partition("=")
        section, _, key = place.rpartition(".")
        if found and section in seen:
            seen[section][key] = str(ast.literal_eval(value))
    return {key: value for section in order for key, value in seen[section].items()}


def config_text(settings: Mapping[str, str]) -> str:
    """A pip.conf with what a build can use: folders of this machine are not there, so they are left out."""
    urls = {key: [url for url in settings.get(key, "").split() if url.startswith(REACHABLE)] for key in URLS}
    plain = {key: settings.get(key, "").split() for key in PLAIN}
    lines = [f"{key} = {' '.join(values)}" for key, values in (urls | plain).items() if values]
    return "\n".join(["[global]", *lines, ""]) if lines else ""


def ca_bundle(settings: Mapping[str, str], environment: Mapping[str, str]) -> bytes:
    """The CA certificates that this machine's pip trusts, if it was told any: PIP_CERT, pip's `cert`, SSL_CERT_FILE."""
    path = settings.get("cert") or environment.get("SSL_CERT_FILE", "")
    return Path(path).read_bytes() if path and Path(path).is_file() else b""
