"""What `pgbackrest info --output=json` says, as plain data: its exit code is 0 whatever it found. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from slipway.errors import BackupError

OK, NO_BACKUP = 0, 2
# The codes of pgBackRest's command reference (info, section status), in our own words.
MEANINGS = {
    0: "ok",
    1: "nothing was ever archived there",
    2: "no backup yet",
    3: "its record of the archive is missing",
    5: "it belongs to another cluster",
    6: "backups are there and their record is missing",
}
# A wrong key and damage look alike: noise comes out.
OTHER_KEY = "it is damaged, or PITR_CIPHER_PASSWORD is not the one that it was encrypted with"
HINTS = (
    ("NoSuchBucket", "its bucket does not exist"),
    ("CryptoError", OTHER_KEY),
    ("FormatError", OTHER_KEY),  # now and then what a wrong key makes of it looks whole
    # Its own alarm, when what it reads makes no sense: the blocks of a file that has rotted.
    ("exception [025]", OTHER_KEY),
    ("does not match expected checksum", "it is damaged"),
    ("HostConnectError", "the store does not answer"),
    ("unable to get address", "the store does not answer"),
    ("timeout after", "the store does not answer in time"),
    ("AccessDenied", "the store refuses these keys"),
    ("SignatureDoesNotMatch", "the store refuses these keys"),
    ("InvalidAccessKeyId", "the store refuses these keys"),
)


@dataclass(frozen=True)
class Backup:
    """One physical backup. Times are seconds since 1970; `start_wal` and `stop_lsn` say where it is in the WAL."""

    label: str
    kind: str
    begun: int
    ended: int
    start_wal: str
    stop_lsn: int
    size: int
    stored: int
    repositories: tuple[int, ...] = ()
    error: bool = False

    @property
    def timeline(self) -> int:
        return int(self.start_wal[:8], 16)


@dataclass(frozen=True)
class Repository:
    """One repository: pgBackRest's status code and what it means; `newest` is the last WAL segment that it holds.

    `system` identifies the cluster that it takes changes of, `archive` is the name of their directory; both are empty
    where nothing was made there yet.
    """

    key: int
    code: int
    message: str
    newest: str = ""
    system: str = ""
    archive: str = ""


@dataclass(frozen=True)
class Report:
    """Repositories, and backups from the oldest to the newest; `system` identifies the cluster that those are of."""

    repositories: tuple[Repository, ...] = ()
    backups: tuple[Backup, ...] = ()
    system: str = ""

    @property
    def exists(self) -> bool:
        return bool(self.system)

    def problems(self) -> list[str]:
        return [f"repository {each.key}: {each.message}" for each in self.repositories if each.code != OK]


def parse(text: str, stanza: str) -> Report:
    """The report about one stanza. Raises BackupError for what is not such an answer."""
    try:
        found = next((entry for entry in json.loads(text) if entry["name"] == stanza), None)
        return Report() if found is None else report(found)
    except (ValueError, KeyError, TypeError):
        raise BackupError(
            "pgbackrest info", f"an answer that is no report: {text.strip()[:200]}", "its JSON", "./invoke logs -s pitr"
        ) from None


def report(found: Mapping) -> Report:
    """About the cluster of the newest backup: a repository that was made for another one has nothing of it."""
    systems = {(db["id"], db["repo-key"]): str(db["system-id"]) for db in found["db"]}
    latest = {key: systems[number, key] for number, key in sorted(systems)}
    newest = max(found["backup"], key=lambda each: each["timestamp"]["stop"], default=None)
    system = systems.get(place(newest)) if newest else next(iter(latest.values()), "")
    ends = {
        archive["database"]["repo-key"]: (archive["max"] or "", archive["id"])
        for archive in found["archive"]
        if systems.get((archive["database"]["id"], archive["database"]["repo-key"])) == system
    }
    return Report(
        tuple(
            repository(each, latest.get(each["key"], ""), *ends.get(each["key"], ("", ""))) for each in found["repo"]
        ),
        merge_backups(backup(each) for each in found["backup"] if systems.get(place(each)) == system),
        system or "",
    )


def place(found: Mapping) -> tuple[int, int]:
    return found["database"]["id"], found["database"]["repo-key"]


def repository(found: Mapping, system: str, newest: str, archive: str) -> Repository:
    code, said = found["status"]["code"], found["status"]["message"]
    return Repository(found["key"], code, MEANINGS.get(code) or reason(said), newest, system, archive)


def reason(said: str) -> str:
    """Why a repository cannot be asked; pgBackRest's first line where it is none of the everyday reasons."""
    words = next((words for sign, words in HINTS if sign in said), "")
    return words or (said.splitlines() or ["no reason"])[0][:160]


def backup(found: Mapping) -> Backup:
    return Backup(
        found["label"],
        found["type"],
        found["timestamp"]["start"],
        found["timestamp"]["stop"],
        found["archive"]["start"] or "0" * 24,
        lsn(found.get("lsn", {}).get("stop") or "0/0"),
        found["info"]["size"],
        found["info"]["repository"]["delta"],
        (found["database"]["repo-key"],),
        bool(found["error"]),
    )


def merge_backups(backups: Iterable[Backup]) -> tuple[Backup, ...]:
    """One entry for each label, with every repository that holds it."""
    import dataclasses

    found: dict[str, Backup] = {}
    for each in sorted(backups, key=lambda each: (each.ended, each.label)):
        first = found.get(each.label)
        found[each.label] = (
            each
            if first is None
            else dataclasses.replace(
                first, repositories=first.repositories + each.repositories, error=first.error or each.error
            )
        )
    return tuple(found.values())


def lsn(text: str) -> int:
    """A position in the WAL as a number: 0/3000028 is 50331688."""
    high, low = text.split("/")
    return (int(high, 16) << 32) + int(low, 16)
