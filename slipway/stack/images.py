"""What images the bundle builds, how each one is tagged, and how it is built.

A tag carries a hash over everything that goes into the build, the tag of the image below included: a changed input is
a new tag, and a tag that exists needs no build.
"""

from __future__ import annotations

import hashlib
import os
import stat
import subprocess
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from slipway.config.settings import Settings
from slipway.errors import EngineError, SettingsError
from slipway.stack import build_secrets, digests, stores
from slipway.stack.stores import postgres

Run = Callable[[list[str], dict[str, str] | None], None]
Inputs = Iterable[tuple[str, Path]]
JUNK = frozenset({"__pycache__", ".git", ".venv", "node_modules", ".pytest_cache"})


@dataclass(frozen=True)
class Image:
    """One image to build. `needs` are the tags, built here too, that it stands on; `args` are its build arguments.

    `dockerfile` is a Dockerfile, or for the base image the program that makes it and takes the tag.
    """

    name: str
    tag: str
    context: Path
    dockerfile: Path
    args: tuple[tuple[str, str], ...] = ()
    needs: tuple[str, ...] = ()


def catalogue(root: Path, settings: Settings) -> dict[str, Image]:
    """The images that `root` can build for these settings, by name, each after what it needs.

    With IMAGES=registry only `ops` is built here; the application has a function of its own, `app_image`.
    Reads the build inputs and touches nothing. Raises SettingsError when `root` lacks one of them.
    """
    known = below_ops(root, settings)
    base = known["postgres"].tag if known else digests.pinned(postgres.OFFICIAL[settings.postgres_version])
    return known | {"ops": ops_image(root, base)}


def below_ops(root: Path, settings: Settings) -> dict[str, Image]:
    """The same without `ops`, whose inputs are the most: nothing with IMAGES=registry."""
    if settings.images == "registry":
        return {}
    known = {"base": folder_image(root, "base")}

    def floors(*names: str) -> dict[str, str]:
        return {name.upper(): known[name].tag for name in names}

    known["python"] = folder_image(root, "python", floors("base"))
    for store in stores.load():
        args = floors(*store.floors) | store.build_arguments(settings)
        known[store.name] = folder_image(root, store.name, args)
    known["gateway"] = folder_image(root, "gateway", floors("base"))
    return known


def folder_image(root: Path, name: str, args: Mapping[str, str] | None = None) -> Image:
    """An image whose inputs are the folder images/`name` and its build arguments."""
    folder = root / "images" / name
    recipe = folder / ("build" if name == "base" else "Dockerfile")
    return tag_image(name, folder, recipe, args or {}, walk(folder))


def ops_image(root: Path, base: str) -> Image:
    """The image of the ops service; its context is the root, of which it takes the package, migrations and fixtures."""
    parts = ("images/ops", "requirements/ops.lock", "slipway", "migrations", "fixtures")
    inputs = ((f"{part}/{name}", path) for part in parts for name, path in walk(root / part))
    return tag_image("ops", root, root / "images/ops/Dockerfile", {"BASE": base}, inputs)


def app_image(root: Path, context: Path, base: str, project: str) -> Image:
    """The application's image, from the Dockerfile in `context`, on `base` if its Dockerfile has `ARG BASE`.

    Its inputs are the files that git knows or would add, and all files where `context` is no git checkout.
    A relative `context` counts from `root`. Raises SettingsError when there is no Dockerfile.
    """
    context = root / context
    recipe = context / "Dockerfile"
    if not recipe.is_file():
        raise SettingsError(
            where="APP_CONTEXT",
            found=f"{context} has no Dockerfile",
            expected="a folder with a Dockerfile",
            next="set APP_CONTEXT to the application's folder, or APP_IMAGE to an image",
        )
    return tag_image(f"{project}-app", context, recipe, {"BASE": base}, git_files(context) or walk(context))


def tag_image(name: str, context: Path, recipe: Path, args: Mapping[str, str], inputs: Inputs) -> Image:
    pairs = tuple(sorted(args.items()))
    needs = tuple(value for _, value in pairs if value.startswith("slipway/"))
    return Image(name, f"slipway/{name}:{digest(pairs, inputs)}", context, recipe, pairs, needs)


def digest(args: Iterable[tuple[str, str]], inputs: Inputs) -> str:
    """12 hex digits over build arguments and files: name, whether it is executable, content; in any order given."""
    total = hashlib.sha256(repr(sorted(args)).encode())
    for name, path in sorted(inputs):
        mode = path.lstat().st_mode
        content = os.readlink(path).encode() if stat.S_ISLNK(mode) else path.read_bytes()
        kind = "link" if stat.S_ISLNK(mode) else "program" if mode & 0o100 else "file"
        total.update(f"{kind} {len(name.encode())} {name} {len(content)} ".encode() + content)
    return total.hexdigest()[:12]


def walk(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below `folder` with its name relative to it; `folder` may be a single file."""
    if folder.is_file():
        yield "", folder
        return
    if not folder.is_dir():
        raise SettingsError(
            where=str(folder),
            found="not there",
            expected="a part of the bundle's image builds",
            next="git status, then git restore what is missing",
        )
    for path, folders, files in os.walk(folder):
        folders[:] = [name for name in folders if name not in JUNK]
        links = [name for name in folders if os.path.islink(os.path.join(path, name))]
        inner = "" if path == str(folder) else f"{os.path.relpath(path, folder)}/"
        for name in (*files, *links):
            if not name.endswith(".pyc"):
                yield f"{inner}{name}", Path(path, name)


def git_files(folder: Path) -> list[tuple[str, Path]]:
    """The files of a git checkout that are tracked or would be; empty where git or the checkout is missing."""
    argv = ["git", "-C", str(folder), "ls-files", "-z", "-co", "--exclude-standard"]
    try:
        listed = subprocess.run(argv, capture_output=True, check=True).stdout.decode(errors="surrogateescape")
    except (OSError, subprocess.CalledProcessError):
        return []
    paths = ((name, folder / name) for name in listed.split("\0") if name)
    return [(name, path) for name, path in paths if path.is_symlink() or path.is_file()]


def in_order(images: Iterable[Image]) -> list[tuple[Image, ...]]:
    """Levels of images: those of one level need only images of the levels before it."""
    left, levels = list(images), []
    while left:
        waiting = {image.tag for image in left}
        levels.append(tuple(image for image in left if not waiting.intersection(image.needs)))
        left = [image for image in left if waiting.intersection(image.needs)]
    return levels


def present(tags: Iterable[str]) -> set[str]:
    """Those of `tags` that the engine has. One question. Raises EngineError when no engine answers."""
    wanted = sorted(set(tags))
    if not wanted:
        return set()
    filters = [part for tag in wanted for part in ("--filter", f"reference={tag}")]
    argv = ["docker", "image", "ls", "--format", "{{.Repository}}:{{.Tag}}", *filters]
    try:
        answer = subprocess.run(argv, capture_output=True, text=True)
    except OSError as problem:
        raise no_engine(str(problem)) from problem
    if answer.returncode:
        raise no_engine(answer.stderr.strip())
    return set(wanted).intersection(answer.stdout.split())


def no_engine(found: str) -> EngineError:
    return EngineError(
        where="docker image ls",
        found=found,
        expected="a Docker engine that answers",
        next="scripts/docker-engine on Debian, or start the engine of this machine",
    )


def build(image: Image, run: Run, also: Sequence[str] = (), anew: bool = False) -> None:
    """Builds `image` under its tag and the tags `also`; `anew` without what earlier builds have kept. `run(argv, env)` executes, streams and raises on failure; env
    None is our own."""
    if image.name == "base":
        run([str(image.dockerfile), image.tag], None)
        return
    with build_secrets.secrets() as files:
        run(build_command(image, files, also, anew), None)


def build_command(image: Image, secrets: Mapping[str, Path], also: Sequence[str] = (), anew: bool = False) -> list[str]:
    """The argv of `docker build`; `secrets` are files that the build may read and that no layer keeps."""
    args = [part for name, value in image.args for part in ("--build-arg", f"{name}={value}")]
    handed = [part for name, path in sorted(secrets.items()) for part in ("--secret", f"id={name},src={path}")]
    tags = [part for tag in (image.tag, *also) for part in ("--tag", tag)]
    return [
        "docker",
        "build",
        "--progress",
        "plain",
        *(["--no-cache"] if anew else []),
        *(["--pull"] if anew and not image.needs else []),
        *tags,
        "--file",
        str(image.dockerfile),
        *args,
        *handed,
        str(image.context),
    ]
