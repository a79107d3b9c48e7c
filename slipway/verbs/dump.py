"""`dump`: the live database as one SQL file on this machine."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from slipway.engine.streaming import stream
from slipway.environment import Environment, enter
from slipway.errors import SettingsError
from slipway.plan import Plan, Progress, Step, apply
from slipway.system.inherited import path_of
from slipway.system.process import end_all
from slipway.units import size

CHUNK = 2**20


def run(on: str, reporter, to: str | None = None) -> None:
    """Writes the file whole or not at all, for its owner alone. Raises SettingsError where it is there already."""
    env = enter(on)
    path = path_of(to or f"{env.stack.name}.sql")
    if path.exists():
        raise SettingsError("--to", f"{path} is there already", "a file that is not", f"rm {path}, or another name")
    reporter.header(env.header)
    apply(Plan(((Step("dump", f"into {path}", lambda progress: write_dump(env, path, progress)),),)), reporter, end_all)
    reporter.done(f"{path}: psql runs it, an editor opens it.", path=str(path), bytes=path.stat().st_size)


def write_dump(env: Environment, path: Path, progress: Progress) -> str:
    part = path.with_name(f".{path.name}.part")
    try:
        with (
            open(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file,
            stream(env.engine, "sql") as incoming,
        ):
            while chunk := incoming.read(CHUNK):
                file.write(chunk)
                progress.count(file.tell(), None, "bytes")
            file.flush()
            os.fsync(file.fileno())
        shutil.move(part, path)
    except OSError as error:
        raise SettingsError(
            "--to",
            f"{error.filename or path}: {error.strerror}",
            "a place with room that may be written",
            f"df -h {path.parent}; ls -ld {path.parent}",
        ) from None
    finally:
        part.unlink(missing_ok=True)
    return size(path.stat().st_size)
