"""What is there of each service: its process, what it was started with, and whether it keeps ending."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from slipway.engine import Running
from slipway.engine.embedded import processes, supervisor

# Spawn failures and quick deaths that Supervisor retries; FATAL is where it gave up.
LIVES = 3  # a service that ends again and again, though not at once, is not given up by Supervisor
STATES = {"RUNNING": "running", "STARTING": "running", "BACKOFF": "restarting", "FATAL": "restarting"}


def look(home: Path, name: str, info: Mapping, port: int | None) -> Running | None:
    """One service, of which the supervisor says `info`; None where it does not run."""
    if left := processes.orphan(home, name, info.get("pid", 0)):
        return Running("orphan", detail=f"process {left.pid}, left by a supervisor that died")
    state = STATES.get(info.get("statename", ""))
    detail = f"process {info.get('pid')}{f', port {port}' if port else ''}"
    return Running(state, started_with(home, name), detail=detail) if state else None


def started_with(home: Path, name: str) -> str:
    try:
        return (home / name / "fingerprint").read_text()
    except FileNotFoundError:
        return ""


def crashed(home: Path, service: str, lives: set[int]) -> str:
    """Why the supervisor no longer starts a service, or an empty text; `lives` are the process ids that were seen of it
    since it was started, and become more."""
    info = supervisor.states(home).get(service, {})
    if info.get("statename") == "FATAL":
        return f"the supervisor gave up: {info['spawnerr']}"
    lives |= {info["pid"]} if info.get("pid") else set()
    return f"it ended {len(lives) - 1} times since it was started" if len(lives) > LIVES else ""
