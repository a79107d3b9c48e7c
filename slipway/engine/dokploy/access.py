"""What a person looks into on a server of Dokploy: logs by its API; for a session at a terminal, the command to type there."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from slipway.engine.dokploy import delivery, looking
from slipway.engine.dokploy.api.answers import Container
from slipway.engine.dokploy.api.failures import Missing
from slipway.errors import SettingsError
from slipway.plan import Progress

if TYPE_CHECKING:
    from slipway.engine.dokploy.engine import OnDokploy


class Access:
    """The part of the engine that shows what services say."""

    def log(self: OnDokploy, service: str, lines: int) -> tuple[str, ...]:
        return self.lines_of(self.group(service), lines)

    def lines_of(self: OnDokploy, group: Sequence[Container], lines: int) -> tuple[str, ...]:
        """The last lines of these containers, one after the other; of one that has just gone, nothing."""
        found: list[str] = []
        for each in group:
            with suppress(Missing):
                found += self.client.log_of(self.service(), each, lines)
        return tuple(found)

    def follow(self: OnDokploy, service: str | None, lines: int) -> tuple[Sequence[str], Mapping[str, str] | None]:
        settings = self.stack.settings
        words = [sys.executable, "-m", "slipway.engine.dokploy.follow", self.service().id, str(lines)]
        names = [self.actual(service)] if service else []
        given = {"DOKPLOY_URL": settings.dokploy_url, "DOKPLOY_API_KEY": settings.dokploy_api_key.get_secret_value()}
        return [*words, *names], dict(self.environ) | given

    def module(self: OnDokploy, name: str, *words: str) -> NoReturn:
        raise self.beyond("bytes handed through", f"docker exec -i {self.ops} python3 -m {name} {' '.join(words)}")

    def psql(self: OnDokploy) -> NoReturn:
        raise self.beyond("psql", f"docker exec -it {self.ops} python3 -m slipway.data.postgres.psql")

    def shell(self: OnDokploy, service: str) -> NoReturn:
        group = self.group(service)
        name = group[0].name if group else f"{self.service().app_name}-{self.actual(service)}-1"
        raise self.beyond("a shell", f"docker exec -it {name} sh")

    def deliver_backup(self: OnDokploy, folder: Path, progress: Progress) -> NoReturn:
        there = f"docker exec -i {self.ops} tar -x -C /var/lib/slipway-backups < backup.tar"
        raise self.beyond(
            f"a backup of this machine ({folder})", f"{there}; and from here ./invoke restore {folder.name}"
        )

    def deliver_tree(self: OnDokploy, folder: Path, progress: Progress) -> NoReturn:
        there = f"docker exec -i {self.ops} tar -x -C /var/lib/slipway-backups < tree.tar"
        raise self.beyond(f"files of this machine ({folder})", f"{there}; or the S3 endpoint of that storage")

    def deliver_files(self: OnDokploy, folder: Path, progress: Progress) -> AbstractContextManager[str]:
        return delivery.deliver(self.client, self.service(), folder)

    def describe_crash(self: OnDokploy, service: str) -> str:
        return looking.gave_up(self.group(service), self.client.transport.ahead)

    @property
    def ops(self: OnDokploy) -> str:
        return f"{self.service().app_name}-ops-1"

    def beyond(self, what: str, there: str) -> SettingsError:
        """The error for what no API of Dokploy carries, with what to type on the server."""
        return SettingsError(
            f"{what} on Dokploy",
            "its API carries neither a terminal nor a stream of bytes",
            "a session on the server",
            f"ssh there, then: {there}",
        )
