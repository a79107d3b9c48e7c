"""How each embedded service is run: program, environment, directory. Pure but for reading which programs exist."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from slipway.config.credentials import secrets_of
from slipway.engine.embedded import account, binaries
from slipway.errors import SettingsError
from slipway.stack import contract, images, tuning
from slipway.stack.model import Stack
from slipway.stack.stores import redis as stored
from slipway.stack.voice import Addresses

ORDER = ("postgres", "redis", "objects", "schedule", "app")


@dataclass(frozen=True)
class Spec:
    """What the launcher executes. The environment is that of any shell, and what the service itself is told."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: str
    pid_file: str
    content: str = ""  # digest of the files that it runs from, so that an edited app is a changed one

    def text(self) -> str:
        """As the launcher reads it, with what it inherits from the shell that starts it."""
        program = shutil.which(self.argv[0]) or self.argv[0]
        return dumped(asdict(self) | {"argv": (program, *self.argv[1:]), "env": inherited() | dict(self.env)})

    def fingerprint(self) -> str:
        """The same from every shell: another PATH or home is no reason to restart a database."""
        return hashlib.sha256(dumped(asdict(self)).encode()).hexdigest()[:16]


def dumped(values: Mapping) -> str:
    return json.dumps(values, indent=1, sort_keys=True)


def inherited() -> dict[str, str]:
    """Only what a program needs of this environment: a service must not depend on the shell that started it."""
    names = ("PATH", "HOME", "LANG", "TZ", "TMPDIR", "SSL_CERT_FILE")
    return {key: os.environ[key] for key in names if key in os.environ}


def names(stack: Stack) -> tuple[str, ...]:
    """Those of the stack, and the one that takes scheduled backups, which on other engines is the work of ops."""
    there = {"schedule": bool(stack.settings.backup_schedule)}
    return tuple(name for name in ORDER if there.get(name, name in stack))


def addresses(ports: Mapping[str, int]) -> Addresses:
    at = {name: f"127.0.0.1:{port}" for name, port in ports.items()}
    return at | {"app": f"http://{at['app']}"}


def specs(stack: Stack, root: Path, home: Path, ports: Mapping[str, int]) -> dict[str, Spec]:
    """The specification of every service, by name."""
    makers = {"postgres": postgres, "redis": redis, "objects": objects, "app": app, "schedule": schedule}
    return {name: makers[name](stack, root, home, ports) for name in names(stack)}


def spec(name: str, home: Path, argv: list, env: Mapping[str, str], cwd: Path, content: str = "") -> Spec:
    return Spec(tuple(map(str, argv)), env, str(cwd), str(home / name / "pid"), content)


def postgres(stack: Stack, root: Path, home: Path, ports: Mapping[str, int]) -> Spec:
    settings, data = stack.settings, home / "postgres" / "data"
    programs = binaries.postgres(settings.postgres_version, settings.embedded_programs)
    tuned = tuning.postgres(settings.postgres_memory, settings.postgres_max_connections, has_contrib(programs))
    options = {**tuned, "listen_addresses": "127.0.0.1", "port": str(ports["postgres"]), "unix_socket_directories": ""}
    argv = [*account.prefix(home), programs / "postgres", "-D", data]
    for key, value in options.items():
        argv += ["-c", f"{key}={value}"]
    return spec("postgres", home, argv, {"LC_ALL": "C.UTF-8"}, home / "postgres")


def has_contrib(programs: Path) -> bool:
    """Whether these programs come with pg_stat_statements: a server does not start without what it should preload."""
    return any(
        (programs.parent / "lib" / name).exists()
        for name in ("pg_stat_statements.so", "postgresql/pg_stat_statements.so")
    )


def redis(stack: Stack, root: Path, home: Path, ports: Mapping[str, int]) -> Spec:
    settings = stack.settings
    argv = [
        binaries.redis(settings.redis, settings.embedded_programs, home / "redis" / "data"),
        home / "redis" / "auth.conf",
        "--bind",
        "127.0.0.1",
        "--port",
        ports["redis"],
        "--dir",
        home / "redis" / "data",
        "--daemonize",
        "no",
        "--appendonly",
        "yes",
        "--appendfsync",
        "everysec",
        "--maxmemory",
        stored.fill(settings.redis_memory),
        "--maxmemory-policy",
        settings.redis_eviction,
    ]
    return spec("redis", home, argv, {}, home / "redis" / "data", content=auth_digest(stack))


def auth_conf(stack: Stack) -> str:
    """In a file, because an argument would show in the process list."""
    return f"requirepass {secrets_of(stack.settings)['REDIS_PASSWORD']}\n"


def auth_digest(stack: Stack) -> str:
    return hashlib.sha256(auth_conf(stack).encode()).hexdigest()


def objects(stack: Stack, root: Path, home: Path, ports: Mapping[str, int]) -> Spec:
    secrets = secrets_of(stack.settings)
    key = f"{secrets['S3_ACCESS_KEY']},{secrets['S3_SECRET_KEY']}".replace('"', '""')
    argv = [binaries.rclone(), "serve", "s3", "--addr", f"127.0.0.1:{ports['objects']}", home / "objects" / "data"]
    env = {
        "RCLONE_AUTH_KEY": f'"{key}"',
        "RCLONE_CONFIG": os.devnull,
        "XDG_CACHE_HOME": str(home / "objects" / "cache"),
    }
    return spec("objects", home, argv, env, home / "objects")


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
    content = images.digest((), images.git_files(directory) or images.walk(directory))
    return spec("app", home, command(stack, directory), env, directory, content)


def command(stack: Stack, directory: Path) -> list[str]:
    settings = stack.settings
    if settings.app_command:
        return runnable(words(settings.app_command), directory)
    if (directory / "backend" / "__main__.py").exists():
        return [sys.executable, "-m", "backend"]
    raise SettingsError(
        "APP_COMMAND",
        "no value",
        f"the command that starts the app in {settings.app_context}/, because embedded runs no images",
        "set APP_COMMAND in .env, or start a Docker engine",
    )


def runnable(argv: list[str], directory: Path) -> list[str]:
    """The command, if its program is there: on PATH, or as a path as seen from the app's directory."""
    if not argv or not shutil.which(directory / argv[0] if os.sep in argv[0] else argv[0]):
        raise SettingsError(
            "APP_COMMAND",
            f"{argv[0] if argv else 'no program'}, which is not there",
            "a program on PATH, or its path from APP_CONTEXT",
            "edit APP_COMMAND in .env, or install that program",
        )
    return argv


def words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError as error:
        raise SettingsError(
            "APP_COMMAND", str(error), "a command with its quotes closed", "edit APP_COMMAND in .env"
        ) from None
