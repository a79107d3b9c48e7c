"""Postgres as a process: its programs, its cluster, its options."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from slipway.config.settings import Settings
from slipway.engine.embedded import account, binaries, cluster
from slipway.engine.embedded.recipe import Recipe, Spec, spec
from slipway.stack import tuning
from slipway.stack.model import Stack
from slipway.stack.stores.postgres import OFFICIAL


def make(stack: Stack, root: Path, home: Path, ports: Mapping[str, int]) -> Spec:
    settings, data = stack.settings, home / "postgres" / "data"
    programs = binaries.postgres(settings.postgres_version, settings.embedded_programs)
    tuned = tuning.postgres(settings.postgres_memory, settings.postgres_max_connections, has_contrib(programs))
    options = {**tuned, "listen_addresses": "127.0.0.1", "port": str(ports["postgres"]), "unix_socket_directories": ""}
    argv = [*account.prefix(home), programs / "postgres", "-D", data]
    for key, value in options.items():
        argv += ["-c", f"{key}={value}"]
    return spec("postgres", home, argv, {"LC_ALL": "C.UTF-8"}, home / "postgres")


def has_contrib(programs: Path) -> bool:
    """Whether these programs come with pg_stat_statements: a server does not start without what it should preload."""
    return any(
        (programs.parent / "lib" / name).exists()
        for name in ("pg_stat_statements.so", "postgresql/pg_stat_statements.so")
    )


def describe(home: Path, settings: Settings) -> str:
    programs = binaries.postgres(settings.postgres_version, settings.embedded_programs)
    return describe_server(programs, OFFICIAL[settings.postgres_version])


def describe_server(programs: Path, image: str) -> str:
    number = re.search(r"\) (\S+)", binaries.told(programs / "postgres", "--version"))
    version = number[1] if number else "?"
    missing = binaries.lacking(programs)
    without = f", without {', '.join(missing)}" if missing else ", with all its extensions"
    return f"{version} {binaries.origin(programs)}{without}; containers have {image}"


RECIPE = Recipe(
    make,
    stop=("INT", 60),
    refuse=cluster.check_version,
    prepare=cluster.prepare,
    wheel="Postgres",
    describe=describe,
)
