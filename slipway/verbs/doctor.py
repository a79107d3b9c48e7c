"""`doctor`: what is not as it should be on this machine and in this stack, each with the command that mends it."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC

from slipway.config import envfile
from slipway.config.settings import Settings
from slipway.engine.docker import checks, client
from slipway.engine.docker import containers as docker_containers
from slipway.environment import ROOT, Environment, enter
from slipway.errors import ENGINE_FULL, SlipwayError, VerificationError
from slipway.plan import Silent
from slipway.recovery import backups as backup_words
from slipway.stack import model, render

ROOM = 5 * 2**30
SKEW = 5.0


@dataclass(frozen=True)
class Finding:
    """One check: what it looked at, what it found, and what mends it if something must be mended."""

    subject: str
    found: str
    mend: str = ""


def run(on: str, reporter) -> None:
    """Prints every finding. Raises VerificationError (exit 8) if one of them needs mending."""
    findings = [
        finding
        for check in (files, machine, engine, servers, room, exposed, backups, archive)
        for finding in kept(check, on)
    ]
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
    """Settings: there, valid, private, ignored by git; rendered files: as the templates give them."""
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
    yield stale(settings)


def ignored(name: str) -> bool:
    """Whether git would leave a file out; true where there is no git that could take it in."""
    if not shutil.which("git") or not (ROOT / ".git").exists():
        return True
    done = subprocess.run(["git", "-C", str(ROOT), "check-ignore", "--quiet", name], capture_output=True, check=False)
    return done.returncode == 0


def stale(settings: Settings) -> Finding:
    text = render.stale(render.files(model.build(settings), ROOT), ROOT / "compose")
    name = f"compose/{settings.environment}.yaml"
    return Finding(name, "stale", "./invoke render") if text else Finding(name, "as the templates and settings give it")


def machine(on: str) -> Iterator[Finding]:
    """Disk and memory of this machine."""
    free = shutil.disk_usage(ROOT).free
    text = f"{free / 2**30:.1f} GB free here"
    yield Finding(
        "disk", text, "" if free >= ROOM else "make room: 5 GB or more; docker system df shows what images hold"
    )


def engine(on: str) -> Iterator[Finding]:
    """The engine that this environment gets, its compose version, its clock, and the port of the front door."""
    env = enter(on)
    yield Finding("engine", env.header)
    if env.engine.name != "docker":
        return
    connection = client.connect(os.environ)
    yield Finding("docker", f"engine {connection.version}")
    yield compose(env)
    yield clock(connection)
    yield from port(env, connection)


def servers(on: str) -> Iterator[Finding]:
    """Where servers are not those of the images: what was tried here may go otherwise there."""
    for service, text in enter(on).engine.servers():
        yield Finding(service, text)


def compose(env: Environment) -> Finding:
    done = subprocess.run(["docker", "compose", "version", "--short"], capture_output=True, text=True, check=False)
    if done.returncode:
        return Finding(
            "compose",
            "there is no `docker compose` (v2)",
            "install docker-compose-plugin; on Debian: sudo scripts/docker-engine",
        )
    version = done.stdout.strip().lstrip("v")
    old = version.startswith("1.")
    return Finding("compose", version, "install docker-compose-plugin, version 2" if old else "")


def clock(connection: client.Connection) -> Finding:
    """Signed S3 requests and certificates fail when clocks disagree."""
    from datetime import datetime

    theirs = datetime.fromisoformat(connection.api.info()["SystemTime"][:19]).replace(tzinfo=UTC)
    skew = abs((datetime.now(UTC) - theirs).total_seconds())
    return Finding(
        "clock",
        f"{skew:.0f} s between this machine and the engine",
        "" if skew <= SKEW else "timedatectl set-ntp true, on both",
    )


def port(env: Environment, connection: client.Connection) -> Iterator[Finding]:
    from slipway.engine.docker.checks import is_listening

    number = env.settings.front_port
    ours = "gateway" in docker_containers.containers(connection, env.stack.name)
    if not ours and connection.local and is_listening(number):
        holder = docker_containers.publisher(connection, number)
        yield Finding(
            f"port {number}",
            f"taken by {f'container {holder}' if holder else 'another program'}",
            "stop it, or set HTTP_PORT in .env",
        )
    else:
        yield Finding(f"port {number}", "ours" if ours else "free")


def exposed(on: str) -> Iterator[Finding]:
    """Ports that the stack's containers publish: only the gateway may face the world."""
    env = enter(on)
    if env.engine.name != "docker":
        return
    groups = docker_containers.containers(client.connect(os.environ), env.stack.name)
    for service, containers in groups.items():
        public = {
            entry["PublicPort"]
            for container in containers
            for entry in container.get("Ports") or ()
            if entry.get("PublicPort") and not entry.get("IP", "").startswith("127.")
        }
        if public and service != "gateway":
            yield Finding(
                service,
                f"published to the network on port {', '.join(map(str, sorted(public)))}",
                f"./invoke render && ./invoke up{env.flag}",
            )
        elif public:
            yield Finding("published", f"the gateway alone, on port {', '.join(map(str, sorted(public)))}")


def room(on: str) -> Iterator[Finding]:
    """The engine's disk, as the data side sees it: it may be another one than this machine's, or far away."""
    env = enter(on)
    if env.engine.name == "docker" and (free := (env.engine.observe().data or {}).get("room")) is not None:
        yield Finding(
            "engine's disk", f"{free / 2**30:.1f} GB free there", "" if free >= checks.ROOM else ENGINE_FULL[2]
        )


def backups(on: str) -> Iterator[Finding]:
    """Whether backups are taken when they should be, where the stack runs."""
    env = enter(on)
    if env.engine.observe().data is None:
        return
    text, trouble = backup_words.describe_standing(env.engine.inside("backups.standing", {}, Silent()))
    yield Finding(
        "backups", trouble or text, f"./invoke backups.list{env.flag}; ./invoke backup{env.flag}" if trouble else ""
    )


def archive(on: str) -> Iterator[Finding]:
    """Continuous archiving: what waits, and whether every repository answers."""
    env = enter(on)
    if not env.settings.pitr or "pitr" not in docker_containers.containers(client.connect(os.environ), env.stack.name):
        return
    found = env.engine.inside("pitr.status", {}, Silent())
    for text in found["problems"]:
        yield Finding("archive", text, f"./invoke up{env.flag}, which proves it; ./invoke logs -s postgres{env.flag}")
    if not found["problems"]:
        yield Finding("archive", f"any moment from {found['window']['text']} (UTC)")
