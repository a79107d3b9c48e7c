"""Backups against pg_dump alone, in the ops image: Debian's PostgreSQL 18 has zstd, which the embedded engine's has not."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator

from bench.harness import ROOT, Result, environment, invoke, timed
from slipway.config.envfile import fresh_secrets
from slipway.environment import enter

MEGABYTES = os.environ.get("BENCH_BACKUP_MB", "3072")


def measure() -> Iterator[Result]:
    """Runs bench/inside_backup.py beside a server of its own, in a container without a network, and reads its lines."""
    env = environment(IMAGES="debian", ENGINE="docker", **fresh_secrets())
    timed(invoke("images.build"), ROOT, env)
    image = enter("local", env).engine.tags["ops"]
    argv = [
        "docker",
        "run",
        "--rm",
        "--network",
        "none",
        "--user",
        "999:999",
        "--volume",
        f"{ROOT}:/tree:ro",
        "--workdir",
        "/tree",
        "--env",
        "PYTHONPATH=/tree",
        "--env",
        f"BENCH_BACKUP_MB={MEGABYTES}",
        "--shm-size",
        "256m",
        image,
        "python3",
        "-m",
        "bench.inside_backup",
    ]
    done = subprocess.run(argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True, check=True)
    for line in done.stdout.splitlines():
        yield Result(**json.loads(line))
