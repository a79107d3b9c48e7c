"""`backups.get`: a backup on this machine, whole and verified, laid out so that `restore --from-dir` takes it."""

from __future__ import annotations

import os
import re
import shutil
import tarfile
from functools import partial
from pathlib import Path
from typing import BinaryIO

from slipway.data import mirror
from slipway.data.backups import verify
from slipway.data.backups.interface import LIST, VERIFY, Here, Verified, Verify
from slipway.data.verb import Nothing
from slipway.engine.streaming import stream
from slipway.environment import Environment, enter
from slipway.errors import SettingsError, VerificationError
from slipway.plan import Plan, Progress, Silent, Step, apply
from slipway.system.inherited import path_of
from slipway.system.process import end_all
from slipway.units import size

Chosen = Here | Verified
CHUNK = 2**20
FILE = re.compile(r"\d{8}T\d{6}Z(-\d+)?/[A-Za-z0-9][A-Za-z0-9.-]*")
OBJECT = re.compile(r"objects/[0-9a-f]{2}/[0-9a-f]{64}")


def run(on: str, reporter, backup: str | None = None, to: str = ".") -> None:
    """Copies backup and objects into `to`. Raises SettingsError where it is there already, VerificationError."""
    env = enter(on)
    chosen = pick(env, backup)
    place = path_of(to)
    final = place / chosen.id
    if final.exists():
        raise SettingsError("--to", f"{final} is there already", "a directory without it", f"ls {final}")
    reporter.header(env.header)
    apply(
        Plan(((Step("get", f"{chosen.id} into {place}", partial(fetch_backup, env, chosen, place)),),)),
        reporter,
        end_all,
    )
    reporter.done(
        f"{final} is as it was written. ./invoke restore --from-dir {final} restores from it.", path=str(final)
    )


def pick(env: Environment, name: str | None) -> Chosen:
    """What the list says of that backup, or of the newest. Raises the data side's own error for an unknown one."""
    found = env.engine.inside(LIST, Nothing(), Silent()).backups
    wanted = [each for each in found if name in (None, "latest", each.id) and isinstance(each, Here)]
    whole = [each for each in wanted if "database" in each.parts]
    return (whole or wanted)[0] if wanted else env.engine.inside(VERIFY, Verify(name or "latest"), Silent())


def fetch_backup(env: Environment, chosen: Chosen, place: Path, progress: Progress) -> str:
    """Writes what comes under a temporary name, verifies it, and gives it its own."""
    work = place / f".partial-{chosen.id}-{os.getpid()}"
    total = chosen.bytes + sum(bucket["bytes"] for bucket in (chosen.objects or {"buckets": {}})["buckets"].values())
    try:
        work.mkdir(parents=True, mode=0o700)
        with stream(env.engine, "backup", chosen.id) as incoming:
            done = unpack_stream(incoming, place, work, lambda count: progress.count(count, total, "bytes"))
            while incoming.read(CHUNK):
                pass
        progress.say("verifying")
        problems = verify.problems(work) or mirror.find_missing(work, place / "objects")
        if problems:
            raise VerificationError(
                f"backup {chosen.id}", problems[0], "what the stack has", "the same command again", tuple(problems)
            )
        work.rename(place / chosen.id)
    except OSError as error:
        raise SettingsError(
            "--to",
            f"{error.filename or place}: {error.strerror}",
            "a place with room that may be written",
            f"df -h {place}; ls -ld {place}",
        ) from None
    except tarfile.TarError as error:
        raise VerificationError(
            f"backup {chosen.id}", f"it came cut short: {error}", "all of it", "the same command again"
        ) from None
    finally:
        shutil.rmtree(work, ignore_errors=True)
    return size(done)


def unpack_stream(incoming: BinaryIO, place: Path, work: Path, tell) -> int:
    """Unpacks files of the backup to `work`, objects to their pool. What has any other name is left out."""
    done = 0
    with tarfile.open(fileobj=incoming, mode="r|") as tar:
        for member in tar:
            if not member.isfile():
                continue
            if FILE.fullmatch(member.name):
                write_file(tar.extractfile(member), work / Path(member.name).name)
            elif OBJECT.fullmatch(member.name):
                pool_object(tar.extractfile(member), place / member.name)
            done += member.size
            tell(done)
    return done


def pool_object(content: BinaryIO, path: Path) -> None:
    """Writes an object's bytes to the pool, unless they are there: its name is its content."""
    if path.exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    part = path.with_name(f".{path.name}.part")
    write_file(content, part)
    part.rename(path)


def write_file(content: BinaryIO, path: Path) -> None:
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        shutil.copyfileobj(content, file, CHUNK)
