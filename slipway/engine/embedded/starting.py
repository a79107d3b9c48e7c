"""What a service needs before it can run: its directory, its data, its secrets; then it is started."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from slipway.engine.embedded import account, cluster, processes, services, supervisor
from slipway.engine.embedded.services import Spec
from slipway.errors import EngineError
from slipway.stack.model import Stack


def lay_out(home: Path, names: Sequence[str], ports: Mapping[str, int], where: str) -> None:
    """Makes the stack's directories; nobody else may list them, and only who runs Postgres may pass."""
    try:
        for name in ("logs", "ops", "redis/data", "objects/data", *names):
            (home / name).mkdir(parents=True, exist_ok=True)
        others = 0o711 if account.dropped(home) else 0o700
        for path in (home.parent, home, *home.glob("postgres")):
            path.chmod(others)
        (home / "ports.json").write_text(json.dumps(ports))
    except OSError as error:
        raise EngineError(
            where, error.strerror or str(error), "a directory that can be written, with room on its disk", "df -h ."
        ) from None


def replace(home: Path, name: str, stack: Stack, spec: Spec) -> None:
    """Stops a service if it runs, prepares it, starts it from this specification."""
    supervisor.stop(home, name)
    end_orphan(home, name)
    ready_data(home, name, stack)
    write_private(home / name / "spec.json", spec.text())
    write_private(home / name / "fingerprint", spec.fingerprint())
    supervisor.start(home, name)


def end_orphan(home: Path, name: str) -> None:
    """Ends a service that an earlier supervisor left."""
    if left := processes.orphan(home, name, 0):
        processes.end(left, supervisor.STOP[name][1])


def ready_data(home: Path, name: str, stack: Stack) -> None:
    """What a service must find when it starts."""
    if name == "postgres":
        cluster.prepare(home, stack.settings)
    if name == "redis":
        write_private(home / "redis" / "auth.conf", services.auth_conf(stack))


def write_private(path: Path, text: str) -> None:
    with open(path, "w", encoding="utf-8", opener=lambda name, flags: os.open(name, flags, 0o600)) as file:
        file.write(text)
