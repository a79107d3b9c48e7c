"""The version of a Dokploy server, and what its API can do by it. Source of the gates: Dokploy's release notes."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import total_ordering

from slipway.engine.dokploy.api.failures import NotDokploy, TooOld
from slipway.stack.dokploy.command_checks import CHAINED, GUARDED

UPGRADE = "upgrade Dokploy: its page, Web Server, Updates"


@total_ordering
@dataclass(frozen=True)
class Version:
    """A released version, such as 0.30.2; a suffix (-canary) is kept in the text and compares as nothing."""

    number: tuple[int, int, int]
    text: str

    def __lt__(self, other: Version) -> bool:
        return self.number < other.number

    def __str__(self) -> str:
        return self.text

    @property
    def chains(self) -> bool:
        """Whether a custom command may join `docker compose` commands by &&.

        0.29.13 began to check commands and refused it; 0.30.0 allows it again.
        """
        return not GUARDED <= self.number < CHAINED


OLDEST = Version((0, 25, 0), "0.25.0")
READS_LOGS = Version((0, 29, 0), "0.29.0")


def parse(text: object) -> Version:
    """The version in an answer such as "v0.30.2". Raises NotDokploy for anything else."""
    found = (
        re.fullmatch(r"v?(\d{1,6})\.(\d{1,6})\.(\d{1,6})([-+.][\w.+-]{1,40})?", text) if isinstance(text, str) else None
    )
    if not found:
        raise NotDokploy(
            "Dokploy: settings.getDokployVersion",
            f"{str(text)[:80]!r}",
            "a version such as v0.30.2",
            "check that DOKPLOY_URL leads to a released Dokploy",
        )
    return Version((int(found[1]), int(found[2]), int(found[3])), text.removeprefix("v"))  # type: ignore[union-attr]


def check(version: Version) -> Version:
    """The same version. Raises TooOld before 0.25, where a compose service belonged to no environment."""
    if version < OLDEST:
        raise TooOld("Dokploy", f"version {version}", f"{OLDEST} or newer (environments)", UPGRADE)
    return version


def check_chain(version: Version) -> None:
    """Raises TooOld where a command chain would be refused when it is deployed, long after it was written."""
    if not version.chains:
        raise TooOld("Dokploy: custom command", f"version {version} refuses &&", "0.30.0 or newer", UPGRADE)


def check_logs(version: Version) -> Version:
    """The same version. Raises TooOld where no log can be read: verbs answer in theirs."""
    if version < READS_LOGS:
        raise TooOld("Dokploy", f"version {version}", f"{READS_LOGS} or newer (logs by the API)", UPGRADE)
    return version
