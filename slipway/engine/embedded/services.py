"""How each embedded service is run: program, environment, directory. Pure but for reading which programs exist."""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path

from slipway.engine.embedded import binaries
from slipway.engine.embedded.recipe import Recipe, Spec, spec
from slipway.errors import SettingsError
from slipway.stack import contract, images, stores
from slipway.stack.model import Stack
from slipway.stack.voice import Addresses


def names(stack: Stack) -> tuple[str, ...]:
    """Those of the stack, and the one that takes scheduled backups, which on other engines is the work of ops."""
    there = {"schedule": bool(stack.settings.backup_schedule)}
    return tuple(name for name in RECIPES if there.get(name, name in stack))


def wheels() -> list[str]:
    return [recipe.wheel for recipe in RECIPES.values() if recipe.wheel]


def addresses(ports: Mapping[str, int]) -> Addresses:
    at = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    return at | {"app": f"http://{at['app']}"}


def specs(stack: Stack, root: Path, home: Path, ports: Mapping[str, int]) -> dict[str, Spec]:
    """The specification of every service, by name."""
    return {name: RECIPES[name].make(stack, root, home, ports) for name in names(stack)}


def data(stack: Stack, root: Path, home: Path, ports: Mapping[str, int]) -> dict[str, str]:
    """Environment of the data side."""
    settings = stack.settings
    # Whatever containers have, here it is rclone.
    served = settings.model_copy(update={"s3_provider": "rclone"}) if "objects" in stack else settings
    told = contract.ops(served, addresses(ports), contract.in_clear(settings))
    return told | {
        "MIGRATIONS_DIR": str(root / "migrations"),
        "FIXTURES_DIR": str(root / "fixtures"),
        "STATE_DIR": str(home / "ops"),
        "BACKUP_DIR": str(backups(stack, root)),
        "PG_BIN": str(binaries.postgres(settings.postgres_version, settings.embedded_programs)),
    }


def backups(stack: Stack, root: Path) -> Path:
    """Where backups are: outside the stack's own directory, which `down --volumes` removes."""
    return Path(stack.settings.backup_dir or root / "backups" / stack.settings.environment)


def schedule(stack: Stack, root: Path, home: Path, ports: Mapping[str, int]) -> Spec:
    argv = [sys.executable, "-m", "slipway.ops.scheduler"]
    env = data(stack, root, home, ports) | {"PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1"}
    return spec("schedule", home, argv, env, home / "schedule")


def app(stack: Stack, root: Path, home: Path, ports: Mapping[str, int]) -> Spec:
    settings = stack.settings
    directory = root / settings.app_context
    if not directory.is_dir():
        raise SettingsError(
            "APP_CONTEXT",
            f"{settings.app_context}, which is not there",
            "the directory with your app",
            "edit APP_CONTEXT in .env",
        )
    told = contract.app(settings, addresses(ports), contract.in_clear(settings))
    env = told | {"HOST": "127.0.0.1", "PORT": str(ports["app"]), "PYTHONUNBUFFERED": "1"}
    if settings.data_directory:
        env["APP_DATA"] = str(home / "app_data")
    content = images.digest((), images.git_files(directory) or images.walk(directory))
    return spec("app", home, command(stack, directory), env, directory, content)


def command(stack: Stack, directory: Path) -> list[str]:
    settings = stack.settings
    if settings.app_command:
        refuse_absent(words(settings.app_command), directory)
        # As in the rendered file: the shell fills in $PORT and the like from the app's own environment, and is gone.
        return ["/bin/sh", "-c", f"exec {settings.app_command}"]
    if (directory / "backend" / "__main__.py").exists():
        return [sys.executable, "-m", "backend"]
    raise SettingsError(
        "APP_COMMAND",
        "no value",
        f"the command that starts the app in {settings.app_context}/, because embedded runs no images",
        "set APP_COMMAND in .env, or start a Docker engine",
    )


def refuse_absent(argv: list[str], directory: Path) -> None:
    """Raises SettingsError if the program is not there: on PATH, or as a path as seen from the app's directory."""
    program = argv[0] if argv else ""
    if "$" not in program and not shutil.which(directory / program if os.sep in program else program):
        raise SettingsError(
            "APP_COMMAND",
            f"{program or 'no program'}, which is not there",
            "a program on PATH, or its path from APP_CONTEXT",
            "edit APP_COMMAND in .env, or install that program",
        )


def words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise SettingsError(
            "APP_COMMAND", str(error), "a command with its quotes closed", "edit APP_COMMAND in .env"
        ) from None


RECIPES: Mapping[str, Recipe] = {
    **{name: import_module(f"slipway.engine.embedded.stores.{name}").RECIPE for name in stores.NAMES},
    "schedule": Recipe(schedule, stop=("TERM", 30)),
    "app": Recipe(app, stop=("TERM", 30), retries=2),  # one that dies at once dies again
}
