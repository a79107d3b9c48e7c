"""Containers and volumes of a test: uniquely named, their logs shown when the test fails, always removed."""

from __future__ import annotations

import subprocess
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path

from slipway.config.settings import Settings
from slipway.stack import images
from tests.support.waiting import until

ROOT = Path(__file__).parents[2]
HARDENED = ("--cap-drop", "ALL", "--security-opt", "no-new-privileges", "--read-only", "--tmpfs", "/tmp")


def docker(*argv: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run(["docker", *argv], input=stdin, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)


def must(*argv: str, stdin: str = "") -> str:
    done = docker(*argv, stdin=stdin)
    assert done.returncode == 0, f"docker {argv[0]}: {done.stdout}"
    return done.stdout.strip()


def pause(name: str) -> None:
    """Pauses a container. runc may give up under load ("unable to freeze", cgroup v1), and then leaves it running."""
    state = "{{.State.Status}}"
    until(
        lambda: docker("pause", name).returncode == 0 or must("inspect", "--format", state, name) == "paused", "paused"
    )


@contextmanager
def container(image: str, *options: str, command: tuple[str, ...] = ()) -> Iterator[str]:
    name = f"slipway-test-{uuid.uuid4().hex[:12]}"
    try:
        must("run", "--detach", "--name", name, *options, image, *command)
        yield name
    except BaseException:
        print(docker("logs", name).stdout)
        raise
    finally:
        docker("rm", "--force", "--volumes", name)


@contextmanager
def volume() -> Iterator[str]:
    name = f"slipway-test-{uuid.uuid4().hex[:12]}"
    try:
        yield must("volume", "create", name)
    finally:
        docker("volume", "rm", "--force", name)


def ended(name: str) -> tuple[int, str]:
    """Exit code and log of a container that ends by itself."""
    return int(must("wait", name)), docker("logs", name).stdout


def address(name: str) -> str:
    return must("inspect", "--format", "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}", name)


def port(name: str, inner: int) -> int:
    return int(must("port", name, f"{inner}/tcp").rsplit(":", 1)[1])


def build_missing(catalogue: dict[str, images.Image]) -> dict[str, str]:
    there = images.present(image.tag for image in catalogue.values())
    for level in images.in_order(catalogue.values()):
        for image in (image for image in level if image.tag not in there):
            images.build(image, lambda argv, env: must_run(argv, env))
    return {name: image.tag for name, image in catalogue.items()}


def must_run(argv: list[str], env: dict[str, str] | None) -> None:
    done = subprocess.run(argv, env=env, text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    assert done.returncode == 0, done.stdout[-4000:]


@cache
def tags() -> dict[str, str]:
    """The tag of every image of IMAGES=debian, by name, each one built if it was missing; `valkey` besides."""
    valkey = images.catalogue(ROOT, Settings(images="debian", redis="valkey"))
    return build_missing(images.catalogue(ROOT, Settings(images="debian"))) | {"valkey": build_missing(valkey)["redis"]}
