"""All that the fake server knows: tables that outlive a restart, and a queue that does not."""

from __future__ import annotations

import random
import string
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.support.dokploy.contract import ApiError, Version, missing
from tests.support.dokploy.engines import Engine

KEPT = 10
Row = dict[str, Any]


@dataclass
class Key:
    """An API key. One that was made without a word about its limit has ten verifications a day, two a request."""

    limit: int | None = None
    spent: int = 0
    may_write: bool = True

    def verify(self) -> bool:
        self.spent += 2
        return self.limit is None or self.spent <= self.limit


@dataclass
class State:
    folder: Path
    engine: Engine
    version: Version = (0, 30, 2)
    keys: dict[str, Key] = field(default_factory=dict)
    projects: dict[str, Row] = field(default_factory=dict)
    environments: dict[str, Row] = field(default_factory=dict)
    composes: dict[str, Row] = field(default_factory=dict)
    mounts: dict[str, Row] = field(default_factory=dict)
    deployments: dict[str, Row] = field(default_factory=dict)  # oldest first
    schedules: dict[str, Row] = field(default_factory=dict)
    domains: dict[str, Row] = field(default_factory=dict)
    jobs: list[Row] = field(default_factory=list)  # in memory: a restart empties it
    jobs_made: int = 0
    worker: Any = None  # takes the jobs; a restart has another
    lock: threading.RLock = field(default_factory=threading.RLock)

    def row(self, table: str, key: str) -> Row:
        rows: Mapping[str, Row] = getattr(self, table)
        if key not in rows:
            raise missing(table[:-1].capitalize())
        return rows[key]

    def home(self, app_name: str) -> Path:
        return self.folder / "compose" / app_name

    def open_record(self, title: str, description: str, folder: str, **owner: str) -> Row:
        """A new record that runs; of those of the same owner only ten older ones stay, and their logs."""
        older = [each for each in self.deployments.values() if all(each[name] == owner[name] for name in owner)]
        for each in older[:-KEPT]:
            del self.deployments[each["deploymentId"]]
            Path(each["logPath"]).unlink(missing_ok=True)
        key, now = identifier(), moment()
        path = self.folder / "logs" / folder / f"{folder}-{key}.log"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
        none = dict.fromkeys(
            ("applicationId", "composeId", "serverId", "scheduleId", "backupId", "errorMessage", "pid")
        )
        about = {"deploymentId": key, "title": title, "description": description, "status": "running"}
        times = {"createdAt": now, "startedAt": now, "finishedAt": None, "logPath": str(path)}
        self.deployments[key] = none | about | times | owner
        return self.deployments[key]

    def close_record(self, record: Row, status: str) -> None:
        record.update(status=status, finishedAt=moment())

    def records(self, name: str, key: str) -> list[Row]:
        """Newest first."""
        return [dict(each) for each in reversed(self.deployments.values()) if each[name] == key]

    def check(self, found: bool, message: str) -> None:
        if not found:
            raise ApiError(400, "BAD_REQUEST", message)


def identifier() -> str:
    return "".join(random.choices(string.ascii_letters + string.digits + "-_", k=21))


def suffix() -> str:
    return "".join(random.choices(string.ascii_lowercase + string.digits, k=6))


def moment() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
