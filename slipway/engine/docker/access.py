"""What a person looks into on a Docker engine: logs, a session on the database, a shell beside a service."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence

from slipway.engine.docker import colours


class Access:
    """The part of the engine that hands over commands to be run at the terminal, each with its environment."""

    def log(self, service: str, lines: int) -> tuple[str, ...]:
        return colours.lines_of(self.connection, self.group(service), lines)

    def follow(self, service: str | None, lines: int) -> tuple[Sequence[str], Mapping[str, str] | None]:
        words = ("logs", "--follow", "--tail", str(lines), *([self.actual(service)] if service else []))
        return self.compose(*words), self.environment

    def module(self, name: str, *words: str) -> tuple[Sequence[str], Mapping[str, str] | None]:
        return ["docker", "exec", self.container("ops"), "python3", "-m", name, *words], self.environment

    def psql(self) -> tuple[Sequence[str], Mapping[str, str] | None]:
        return [*self.interactive("ops"), "python3", "-m", "slipway.data.postgres.psql"], self.environment

    def shell(self, service: str) -> tuple[Sequence[str], Mapping[str, str] | None]:
        script = "command -v bash >/dev/null && exec bash; exec sh"
        return [*self.interactive(service), "sh", "-c", script], self.environment

    def interactive(self, service: str) -> list[str]:
        return ["docker", "exec", "-it" if sys.stdin.isatty() else "-i", self.container(service)]
