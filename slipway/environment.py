"""The environment that a command works on: its settings, its stack, and the engine that runs it."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from slipway.config import envfile
from slipway.config.credentials import masker_of
from slipway.config.settings import LOCAL, Settings
from slipway.engine import Engine
from slipway.engine.pick import pick
from slipway.errors import SettingsError
from slipway.stack import model
from slipway.stack.model import Stack
from slipway.system import redact

ROOT = Path(__file__).resolve().parent.parent


@dataclass(frozen=True)
class Environment:
    """Everything that a verb needs to know before it looks at what runs."""

    root: Path
    on: str
    settings: Settings
    stack: Stack
    engine: Engine
    note: str  # why this engine, where that needs saying

    @property
    def header(self) -> str:
        return f"{self.stack.name} on the {self.engine.name} engine{f' ({self.note})' if self.note else ''}"

    @property
    def flag(self) -> str:
        """How this environment is named on a command line."""
        return "" if self.on == LOCAL else f" --on {self.on}"


def enter(on: str, environ: Mapping[str, str] = os.environ, root: Path = ROOT) -> Environment:
    """The environment of a name, with its engine. Raises SettingsError before anything is touched, EngineError if no engine fits."""
    settings = envfile.load(root, on, environ)
    redact.learn(masker_of(settings))
    built = model.build(settings)
    engine, note = pick(built, root, environ)
    return Environment(root, on, settings, built, engine, note)


def ensure_settings(on: str, reporter) -> Environment:
    """The environment of a name, as `enter` gives it; the local one gets its settings file first if it has none."""
    if first_run(on) and envfile.write_fresh(path := envfile.path_of(ROOT, on)):
        reporter.line(f"wrote {path.name} with fresh random secrets (mode 0600)")
    return enter(on)


def first_run(on: str, environ: Mapping[str, str] = os.environ, root: Path = ROOT) -> bool:
    """Whether this is the local environment before it has a settings file."""
    return on == LOCAL and not envfile.path_of(root, on).exists() and envfile.parse(root, on, environ).local


def throwaway_secrets(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The environment's variables with secrets that nobody keeps: enough to plan a first run that changes nothing."""
    return envfile.fresh_secrets() | dict(environ)


def refuse_unknown(env: Environment, service: str) -> None:
    """Raises SettingsError for a service that the engine does not run."""
    names = env.engine.services()
    if service not in names:
        raise SettingsError("service", service, ", ".join(names), f"./invoke status{env.flag}")
