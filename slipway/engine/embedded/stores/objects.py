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
    key = f"{secrets['S3_ACCESS_KEY']},{secrets['S3_SECRET_KEY']}".replace('"', '""')
    argv = [binaries.rclone(), "serve", "s3", "--addr", f"127.0.0.1:{ports['objects']}", home / "objects" / "data"]
    env = {
        "RCLONE_AUTH_KEY": f'"{key}"',
        "RCLONE_CONFIG": os.devnull,
        "XDG_CACHE_HOME": str(home / "objects" / "cache"),
    }
    return spec("objects", home, argv, env, home / "objects")


RECIPE = Recipe(make, stop=("TERM", 10), folders=("data",), wheel="rclone")
