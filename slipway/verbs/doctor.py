"""`doctor`: what is not as it should be on this machine and in this stack, each with the command that mends it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator

from slipway.config import envfile
from slipway.data.backups.interface import STANDING
from slipway.data.pitr.interface import STATUS
from slipway.data.verb import Nothing
from slipway.engine import Finding
from slipway.environment import ROOT, enter
from slipway.errors import SlipwayError, VerificationError
from slipway.plan import Silent
from slipway.recovery import backups as backup_words
from slipway.release.provision import describe_excess
from slipway.stack import stores

ROOM = 5 * 2**30


def run(on: str, reporter) -> None:
    """Prints every finding. Raises VerificationError (exit 8) if one of them needs mending."""
    findings = [finding for check in (files, machine, engine, rights, backups, archive) for finding in kept(check, on)]
    for finding in findings:
        reporter.line(f"  {'✗' if finding.mend else '✓'} {finding.subject:<14} {finding.found}")
        if finding.mend:
            reporter.line(f"      mend: {finding.mend}")
    bad = [finding for finding in findings if finding.mend]
    if bad:
        raise VerificationError(
            "doctor", f"{len(bad)} of {len(findings)} checks found something", "nothing to mend", bad[0].mend
        )
    reporter.done(f"All {len(findings)} checks passed.")


def kept(check: Callable[[str], Iterator[Finding]], on: str) -> list[Finding]:
    """A check's findings; an error that it meets is one too."""
    try:
        return list(check(on))
    except SlipwayError as error:
        return [Finding(error.where, error.found or "failed", error.next or error.expected or "see above")]


def files(on: str) -> Iterator[Finding]:
    """Settings: there, valid, private, ignored by git, with what the app may beyond its own."""
    path = envfile.path_of(ROOT, on)
    if not path.exists():
        yield Finding(path.name, "not there yet", "./invoke init" + ("" if on == "local" else f" --on {on}"))
        return
    settings = envfile.load(ROOT, on, os.environ)
    yield Finding(path.name, "valid")
    if envfile.readable_by_others(path):
        yield Finding("mode", f"others may read {path.name}", f"chmod 600 {path.name}")
    if not ignored(path.name):
        yield Finding("git", f"{path.name} is not ignored, and it holds the secrets", f"echo {path.name} >> .gitignore")
    yield from (Finding(f"{store} rights", said) for store, said in stores.excess(settings).items())


def ignored(name: str) -> bool:
    """Whether git would leave a file out; true where there is no git that could take it in."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        return True
    done = subprocess.run(["git", "-C", str(ROOT), "check-ignore", "--quiet", name], capture_output=True, check=False)
    return done.returncode == 0


def machine(on: str) -> Iterator[Finding]:
    """Disk and memory of this machine."""
    free = shutil.disk_usage(ROOT).free
    text = f"{free / 2**30:.1f} GB free here"
    yield Finding(
        "disk", text, "" if free >= ROOM else "make room: 5 GB or more; docker system df shows what images hold"
    )


def engine(on: str) -> Iterator[Finding]:
    """The engine that this environment gets, and all that it checks of itself."""
    env = enter(on)
    yield Finding("engine", env.header)
    for check in env.engine.checks(env.flag):
        yield from kept(lambda on, check=check: check(), on)


def rights(on: str) -> Iterator[Finding]:
    """What the app may in a database of somebody else's, where the stack runs."""
    yield from (Finding("app's role", said) for said in describe_excess(enter(on).engine.observe().data))


def backups(on: str) -> Iterator[Finding]:
    """Whether backups are taken when they should be, where the stack runs."""
    env = enter(on)
    if env.engine.observe().data is None:
        return
    text, trouble = backup_words.describe_standing(env.engine.inside(STANDING, Nothing(), Silent()))
    yield Finding(
        "backups", trouble or text, f"./invoke backups.list{env.flag}; ./invoke backup{env.flag}" if trouble else ""
    )


def archive(on: str) -> Iterator[Finding]:
    """Continuous archiving: what waits, and whether every repository answers."""
    env = enter(on)
    if not env.settings.pitr or "pitr" not in env.engine.observe(data=False).services:
        return
    found = env.engine.inside(STATUS, Nothing(), Silent())
    for text in found.problems:
        yield Finding("archive", text, f"./invoke up{env.flag}, which proves it; ./invoke logs -s postgres{env.flag}")
    if not found.problems:
        yield Finding("archive", f"any moment from {found.window.text} (UTC)")
