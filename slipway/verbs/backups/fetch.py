"""`backups.fetch`: a copy from elsewhere back among the backups here, opened and verified."""

from __future__ import annotations

from slipway.data.offsite.interface import FETCH, Fetch, Fetched
from slipway.data.wire import encode
from slipway.environment import enter
from slipway.errors import SettingsError
from slipway.recovery import backups
from slipway.system.inherited import path_of
from slipway.units import size

LARGEST = 64 * 1024  # bytes; an identity file has a few lines


def run(on: str, reporter, backup: str, identity: str | None = None, stack: str = "") -> None:
    """Brings copy `backup` back; `identity` is the file with the private age key, which is read and kept nowhere."""
    env = enter(on)
    args = Fetch(backup, text_of(identity) if identity else "", stack)
    reporter.header(env.header)
    done = backups.work(env, reporter, "fetch", FETCH, args, f"{backup}, from elsewhere", remark)
    reporter.done(
        f"{done.id} is here, as it was taken. ./invoke restore {done.id}{env.flag} restores it.", **encode(done)
    )


def text_of(identity: str) -> str:
    path = path_of(identity)
    try:
        if path.stat().st_size > LARGEST:
            raise SettingsError("--identity", f"{path} is too large", "the file that age-keygen wrote", f"ls -l {path}")
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        raise SettingsError(
            "--identity",
            f"{path}: {getattr(error, 'strerror', None) or 'no text'}",
            "the file that age-keygen wrote",
            f"ls -l {path}",
        ) from None


def remark(done: Fetched) -> str:
    if done.here:
        return f"{done.id} is here and whole: nothing to fetch"
    return f"{done.id}, {size(done.bytes)}, {done.objects:,} objects"
