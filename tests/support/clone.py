"""A fresh clone of this repository with a stack of its own: what a user types in it, what then is, and its removal."""

from __future__ import annotations

import json
import os
import pty
import random
import re
import socket
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from slipway.config import envfile
from tests.support import demo
from tests.support.containers import docker, must
from tests.support.tree import copy_tree
from tests.support.waiting import PATIENCE, until

PROJECT, SERVICE = "com.docker.compose.project", "com.docker.compose.service"
DEMO_USER = "00000000-0000-4000-8000-000000000001"
IN_OPS = """
import os, sys
from slipway.data import endpoints; from slipway.data.objects import client as objects
ends = endpoints.read(os.environ)
bucket, key = ends.s3_buckets[0], "kept/a б.bin"
s3 = objects.client(ends)
if sys.argv[1] == "put":
    s3.put_object(Bucket=bucket, Key=key, Body=sys.argv[2].encode())
else:
    print(s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode())
"""


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    code: int
    text: str


@dataclass
class Begun:
    """A command on its way."""

    clone: Clone
    words: tuple[str, ...]
    process: subprocess.Popen

    def done(self) -> Done:
        text, _ = self.process.communicate(timeout=PATIENCE)
        self.clone.transcript.append(f"$ invoke {' '.join(self.words)}\n{text}exit code {self.process.returncode}\n")
        return Done(self.process.returncode, text)


@dataclass
class Clone:
    """The tree, its project name, its port; `stacks` are the environments that may have to be removed."""

    root: Path
    project: str
    port: int
    stacks: list[str] = field(default_factory=lambda: ["local"])
    transcript: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    # -- what a user does ----------------------------------------------------------------------------------------

    def begin(self, *words: str, prefix: tuple[str, ...] = (), **env: str) -> Begun:
        """Starts `invoke WORDS` with the settings given in its environment; standard error goes where output goes."""
        argv = [*prefix, sys.executable, "-m", "invoke", *words]
        return Begun(
            self,
            words,
            subprocess.Popen(
                argv,
                cwd=self.root,
                env=clean(os.environ) | env,
                text=True,
                start_new_session=True,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.STDOUT,
            ),
        )

    def invoke(self, *words: str, **env: str) -> Done:
        return self.begin(*words, **env).done()

    def at_terminal(self, answer: str, *words: str) -> Done:
        """The same at a terminal, where somebody answers whatever is asked."""
        ours, theirs = pty.openpty()
        argv = [sys.executable, "-m", "invoke", *words]
        end = {"stdin": theirs, "stdout": theirs, "stderr": theirs}
        child = subprocess.Popen(argv, cwd=self.root, env=clean(os.environ), start_new_session=True, **end)
        os.close(theirs)
        os.write(ours, f"{answer}\n".encode())
        text = b""
        with suppress(OSError):  # EIO: nobody has the other end open any more
            while part := os.read(ours, 65536):
                text += part
        os.close(ours)
        self.transcript.append(f"$ invoke {' '.join(words)}\n{text.decode()}")
        return Done(child.wait(PATIENCE), text.decode())

    def succeed(self, *words: str, **env: str) -> str:
        done = self.invoke(*words, **env)
        assert done.code == 0, f"invoke {' '.join(words)} ended with {done.code}:\n{done.text}"
        return done.text

    def settle(self, on: str = "local", **values: str) -> None:
        """Puts settings into the environment's file in place of what it says of them."""
        self.forget(*values, on=on)
        with envfile.path_of(self.root, on).open("a") as file:
            file.writelines(f"{key}={value}\n" for key, value in values.items())

    def forget(self, *keys: str, on: str = "local") -> None:
        """Takes settings out of the environment's file."""
        path = envfile.path_of(self.root, on)
        kept = [line for line in path.read_text().splitlines() if line.split("=")[0] not in keys]
        path.write_text("\n".join(kept) + "\n")

    # -- what then is --------------------------------------------------------------------------------------------

    def ids(self, on: str = "local") -> dict[str, tuple[str, ...]]:
        """Ids of the running containers, by service."""
        return ids_of(f"{self.project}-{on}")

    def id(self, service: str, on: str = "local") -> str:
        return self.ids(on)[service][0]

    def sql(self, query: str, on: str = "local") -> str:
        """The answer of Postgres to its superuser."""
        return must(
            "exec",
            self.id("postgres", on),
            "psql",
            "-X",
            "-At",
            "-v",
            "ON_ERROR_STOP=1",
            "-U",
            "postgres",
            "-d",
            "slipway",
            "-c",
            query,
        )

    def get(self, path: str) -> str:
        """What the front door answers; an error if that is not a 200."""
        return demo.fetch(self.url, path, timeout=5).decode()

    def secrets(self, on: str = "local") -> list[str]:
        """Every secret value of the environment's settings file."""
        entries = envfile.read(envfile.path_of(self.root, on))
        return [entry.value for key, entry in entries.items() if envfile.secret(key) and entry.value]

    def setting(self, key: str, on: str = "local") -> str:
        return envfile.read(envfile.path_of(self.root, on))[key].value

    def write_data(self) -> None:
        """A row and an object that `assert_data` looks for."""
        self.sql(f"INSERT INTO tasks (user_id, title) VALUES ('{DEMO_USER}', '{self.project}')")
        must("exec", self.id("ops"), "python3", "-c", IN_OPS, "put", self.project)

    def assert_data(self) -> None:
        assert self.sql(f"SELECT count(*) FROM tasks WHERE title = '{self.project}'") == "1"
        assert must("exec", self.id("ops"), "python3", "-c", IN_OPS, "get") == self.project

    def assert_right(self) -> None:
        """`up` succeeds and has every service running; the app answers, and the data is there."""
        self.succeed("up")
        assert set(self.ids()) == {"postgres", "redis", "objects", "ops", "app", "gateway"}
        assert '"ready":true' in self.get("/ready")
        self.assert_data()

    def assert_nothing_to_do(self, *words: str, **env: str) -> None:
        assert json.loads(self.succeed("up", "--json", *words, **env).splitlines()[-1])["steps"] == 0

    # -- what is left --------------------------------------------------------------------------------------------

    def left(self) -> list[str]:
        """Containers, volumes and networks, stopped ones included, that carry the name of one of the stacks."""
        return [
            each
            for on in self.stacks
            for kind, words in LISTS.items()
            for each in must(kind, *words, "--filter", f"label={PROJECT}={self.project}-{on}").split()
        ]

    def save_evidence(self, folder: Path) -> None:
        """Writes every command with its output, the list of containers, and their logs."""
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "commands.txt").write_text("\n".join(self.transcript))
        for on in self.stacks:
            label = f"label={PROJECT}={self.project}-{on}"
            (folder / f"{on}.txt").write_text(docker("ps", "--all", "--filter", label).stdout)
            for name in docker("ps", "--all", "--filter", label, "--format", "{{.Names}}").stdout.split():
                (folder / f"{name}.log").write_text(docker("logs", "--timestamps", name).stdout)

    def remove(self) -> None:
        for on in self.stacks:
            for kind, words in LISTS.items():
                label = f"label={PROJECT}={self.project}-{on}"
                if found := docker(kind, *words, "--filter", label).stdout.split():
                    docker(kind, "rm", "--force", *(["--volumes"] if kind == "container" else []), *found)
            docker("volume", "rm", "--force", *(f"{self.project}-{on}-{part}" for part in ("backups", "owner")))
        app = f"slipway/{self.project}-app"
        if built := docker("image", "ls", app, "--format", "{{.Repository}}:{{.Tag}}").stdout.split():
            docker("image", "rm", *built)


def ids_of(project: str) -> dict[str, tuple[str, ...]]:
    """Ids of the running containers of a project of Compose, by service."""
    form = f'{{{{.Label "{SERVICE}"}}}} {{{{.ID}}}}'
    listed = must("ps", "--no-trunc", "--filter", f"label={PROJECT}={project}", "--format", form)
    found: dict[str, tuple[str, ...]] = {}
    for name, each in sorted(line.split() for line in listed.splitlines()):
        name = re.sub(r"^app-(blue|green)$", "app", name)  # one app, whichever colour serves
        found[name] = (*found.get(name, ()), each)
    return found


LISTS = {"container": ("ls", "--all", "--quiet"), "volume": ("ls", "--quiet"), "network": ("ls", "--quiet")}
LIVE: list[Clone] = []


@contextmanager
def made(kind: Callable[[Path, str, int], Clone] = Clone) -> Iterator[Clone]:
    """A clone with its own settings file, not started; gone afterwards with all that it started."""
    with tempfile.TemporaryDirectory(prefix="slipway-clone-") as folder:
        clone = kind(Path(folder), f"t{uuid.uuid4().hex[:8]}", free_port())
        copy_tree(clone.root)
        LIVE.append(clone)
        try:
            clone.succeed("init")
            clone.settle(PROJECT=clone.project, ENGINE="docker", IMAGES="debian", HTTP_PORT=str(clone.port))
            yield clone
        except BaseException:
            save(clone, "setup")
            raise
        finally:
            LIVE.remove(clone)
            clone.remove()


def save(clone: Clone, name: str) -> Path:
    """Keeps the evidence of a failure and returns the directory that it is in."""
    base = Path(os.environ.get("SLIPWAY_ARTIFACTS") or Path(tempfile.gettempdir()) / "slipway-scenarios")
    folder = base / f"{clone.project}-{re.sub(r'[^A-Za-z0-9_]+', '-', name)[:80]}"
    clone.save_evidence(folder)
    print(f"commands and container logs: {folder}")
    return folder


def clean(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment without settings: those of the machine must not reach the clones."""
    return {key: value for key, value in environ.items() if key not in envfile.KEYS and not key.startswith("APP_ENV_")}


def free_port() -> int:
    """A port that is free on loopback, outside the range from which outgoing connections take theirs."""
    while True:
        port = random.randint(20000, 31999)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


def assert_refused(done: Done, code: int, *parts: str) -> None:
    """One clear error, its exit code, no traceback, and the parts of it that are the obligation."""
    assert done.code == code, done.text
    assert "Traceback" not in done.text
    assert len(re.findall(r"(?m)^error: ", done.text)) == 1, done.text
    for part in parts:
        assert part in done.text, f"{part!r} is not in:\n{done.text}"


def assert_running(clone: Clone, service: str) -> str:
    """The id of the first container of a service, as soon as one runs."""
    until(lambda: service in clone.ids(), f"a container of {service} runs")
    return clone.id(service)
