"""What a service needs before it can run: its directory, its data, its secrets; then it is started."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

from slipway.engine.embedded import account, processes, services, supervisor
from slipway.engine.embedded.recipe import Spec, write_private
from slipway.errors import EngineError
from slipway.stack.model import Stack


def lay_out(home: Path, names: Sequence[str], ports: Mapping[str, int], where: str) -> None:
    """Makes the stack's directories; nobody else may list them, and only who runs Postgres may pass."""
    try:
        below = (f"{name}/{folder}" for name in names for folder in services.RECIPES[name].folders)
        for name in ("logs", "ops", *names, *below):
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
    services.RECIPES[name].prepare(home, stack.settings)
    write_private(home / name / "spec.json", spec.text())
    write_private(home / name / "fingerprint", spec.fingerprint())
    supervisor.start(home, name)


def end_orphan(home: Path, name: str) -> None:
    """Ends a service that an earlier supervisor left."""
    if left := processes.orphan(home, name, 0):
        processes.end(left, services.RECIPES[name].stop[1])
