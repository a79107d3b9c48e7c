"""A backend process of a test's own, requests to it, and waiting for a state."""

from __future__ import annotations

import http.client
import json
import os
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.support.waiting import PATIENCE

APP = Path(__file__).parents[2] / "app"


@dataclass(frozen=True)
class Reply:
    """One HTTP answer, its body decoded when it is JSON."""

    status: int
    body: Any
    headers: dict[str, str]


def send(
    url: str,
    method: str,
    path: str,
    body: Any = None,
    raw: bytes | None = None,
    kind: str = "application/json",
    token: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """One request on a connection of its own; `body` goes as JSON, `raw` as it is; `token` says who asks."""
    place = urlsplit(url)
    data = raw if raw is not None else None if body is None else json.dumps(body).encode()
    connection = http.client.HTTPConnection(place.hostname or "", place.port, timeout=PATIENCE)
    try:
        sent = dict(headers or {}) | ({} if data is None else {"Content-Type": kind})
        connection.request(method, path, data, sent | ({"Authorization": f"Bearer {token}"} if token else {}))
        answer = connection.getresponse()
        told = {name.lower(): value for name, value in answer.getheaders()}
        text = answer.read()
        is_json = told.get("content-type") in ("application/json", "application/problem+json")
        return Reply(answer.status, json.loads(text) if is_json and text else text, told)
    finally:
        connection.close()


@dataclass(frozen=True)
class Running:
    """A backend process of the test's own."""

    url: str
    process: subprocess.Popen[str]
    log: Path

    def stop(self) -> int:
        """SIGTERM, and the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(PATIENCE)


def app_process(python: str | Path, env: dict[str, str], log: Path) -> subprocess.Popen[str]:
    """`python -m backend` in app/ with exactly `env` beside PATH."""
    with log.open("w") as output:
        return subprocess.Popen(
            [str(python), "-m", "backend"],
            cwd=APP,
            text=True,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={"PATH": os.environ["PATH"], **env},
        )
