"""What a person looks into on the embedded engine: logs, a session on the database, a shell as a service has it."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from slipway.system import inherited


class Access:
    """The part of the engine that hands over commands to be run at the terminal, each with its environment."""

    def log(self, service: str, lines: int) -> tuple[str, ...]:
        try:
            text = (self.home / "logs" / f"{service}.log").read_text(errors="replace")
        except FileNotFoundError:
            return ()
        return tuple(text.splitlines()[-lines:])

    def follow(self, service: str | None, lines: int) -> tuple[Sequence[str], Mapping[str, str] | None]:
        names = [service] if service else self.services()
        files = [str(self.home / "logs" / f"{name}.log") for name in names]
        return ["tail", "-n", str(lines), "-F", *files], None

    def module(self, name: str, *words: str) -> tuple[Sequence[str], Mapping[str, str] | None]:
        told = self.data_environment() | {"PYTHONPATH": str(self.root)}
        return [sys.executable, "-m", name, *words], inherited.pick() | told

    def psql(self) -> tuple[Sequence[str], Mapping[str, str] | None]:
        from slipway.data.postgres import psql
        from slipway.engine.embedded import binaries

        told = self.data_environment()
        settings = self.stack.settings
        # Of the server's own version: an older one's \d and \l fail on its catalog.
        own = binaries.postgres(settings.postgres_version, settings.embedded_programs) / "psql"
        program = str(own) if own.exists() else "psql"
        return [program], os.environ | psql.variables(told)

    def shell(self, service: str) -> tuple[Sequence[str], Mapping[str, str] | None]:
        spec = self.specs[service] if service in self.services() else None
        shell = os.environ.get("SHELL", "/bin/sh")
        return [shell], os.environ | (dict(spec.env) if spec else self.data_environment()) | {"PATH": python_path()}


def python_path() -> str:
    return os.pathsep.join((str(Path(sys.prefix) / "bin"), os.environ.get("PATH", os.defpath)))
