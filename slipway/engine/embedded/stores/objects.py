"""The object store as a process: rclone, whatever containers have."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from slipway.config.credentials import secrets_of
from slipway.engine.embedded import binaries
from slipway.engine.embedded.recipe import Recipe, Spec, spec
from slipway.stack.model import Stack


def make(stack: Stack, root: Path, home: Path, ports: Mapping[str, int]) -> Spec:
    secrets = secrets_of(stack.settings)
    keys = [pair(secrets, whose) for whose in ("S3", "S3_APP") if f"{whose}_ACCESS_KEY" in secrets]
    argv = [binaries.rclone(), "serve", "s3", "--addr", f"127.0.0.1:{ports['objects']}", home / "objects" / "data"]
    env = {
        "RCLONE_AUTH_KEY": ",".join(keys),
        "RCLONE_CONFIG": os.devnull,
        "XDG_CACHE_HOME": str(home / "objects" / "cache"),
    }
    return spec("objects", home, argv, env, home / "objects")


def pair(secrets: Mapping[str, str], whose: str) -> str:
    """A key as rclone reads it from a line of CSV. It has no policies: every one reaches every bucket."""
    text = f"{secrets[f'{whose}_ACCESS_KEY']},{secrets[f'{whose}_SECRET_KEY']}".replace('"', '""')
    return f'"{text}"'


RECIPE = Recipe(make, stop=("TERM", 10), folders=("data",), wheel="rclone")
