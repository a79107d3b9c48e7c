"""What an image build needs to know of this machine's Python index: pip's own configuration and the CA bundle.

Both are handed to a build as secrets, since an index URL may carry a password: no layer and no argument keeps them.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

URLS = ("index-url", "extra-index-url", "find-links")
PLAIN = ("trusted-host", "proxy", "timeout", "default-timeout", "retries")
REACHABLE = ("http://", "https://")


@contextmanager
def secrets() -> Iterator[dict[str, Path]]:
    """Files for BuildKit by secret id, `pip_conf` and `ca`, readable by this user only and gone afterwards.

    An id is missing where the machine has nothing of its own to say: a build then works with defaults.
    """
    settings = effective(pip_config_list())
    with tempfile.TemporaryDirectory(prefix="slipway-build-") as folder:
        found = {"pip_conf": config_text(settings).encode(), "ca": ca_bundle(settings, os.environ)}
        yield {name: private(Path(folder, name), content) for name, content in found.items() if content}


def private(path: Path, content: bytes) -> Path:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content)
    return path


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
