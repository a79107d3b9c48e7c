"""A copy of the working tree with a stack of its own, so that nothing of the developer's is touched."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from slipway.config import envfile
from tests.support import demo
from tests.support.tree import copy_tree
from tests.support.waiting import PATIENCE, until

DEMO_USER = "00000000-0000-4000-8000-000000000001"


@dataclass
class WorkingCopy:
    """One copy; `invoke` runs a task in it with this Python, as ./invoke would with its own."""

    root: Path
    before: tuple[str, ...] = ()  # put before every command: setpriv, unshare
    env: dict[str, str] = field(default_factory=dict)
    on: str = envfile.LOCAL  # the environment that its commands are for

    @property
    def home(self) -> Path:
        return self.root / ".slipway" / self.on

    @property
    def pids(self) -> dict[str, int]:
        """Process ids of the services, by their own files, and of the supervisor."""
        found = {path.parent.name: int(path.read_text()) for path in self.home.glob("*/pid")}
        return found | {"supervisor": int((self.home / "supervisor.pid").read_text())}

    def start(self, *words: str, env: Mapping[str, str] | None = None, **options) -> subprocess.Popen:
        kept = {
            key: value for key, value in os.environ.items() if key not in envfile.KEYS and not key.startswith("PYTEST")
        }
        words = words if self.on == envfile.LOCAL else (*words, "--on", self.on)
        return subprocess.Popen(
            [*self.before, sys.executable, "-m", "invoke", *words],
            cwd=self.root,
            text=True,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**kept, "ENGINE": "embedded", **self.env, **(env or {})},
            **options,
        )

    def invoke(self, *words: str, **env: str) -> subprocess.CompletedProcess:
        """Runs a task to its end. No output of ours may ever hold a traceback."""
        child = self.start(*words, env=env)
        try:
            out, err = child.communicate(timeout=PATIENCE)
        except BaseException:
            child.kill()
            child.wait()
            raise
        assert "Traceback" not in out + err, out + err
        return subprocess.CompletedProcess(child.args, child.returncode, out, err)

    def up(self, **env: str) -> str:
        """`up` that has to succeed; its output."""
        done = self.invoke("up", **env)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{json.loads((self.home / 'ports.json').read_text())['app']}"

    def spec(self) -> dict:
        """What the app was started with."""
        return json.loads((self.home / "app" / "spec.json").read_text())

    def is_well(self) -> bool:
        """Whether every service lives and the app says that its stores answer."""
        try:
            return all(is_alive(pid) for pid in self.pids.values()) and bool(self.get("/ready"))
        except (OSError, ValueError):  # a pid that is just being written down is an empty file
            return False

    def get(self, path: str) -> dict:
        return json.loads(demo.fetch(self.url, path))

    def titles(self) -> set[str]:
        return {task["title"] for task in self.get("/api/v1/tasks?limit=100")["items"]}

    def psql(self, query: str, role: str = "") -> str:
        """The answer of the copy's own database, as its superuser."""
        import psycopg

        with psycopg.connect(self.database_url(role or "postgres"), autocommit=True) as connection:
            rows = connection.execute(query)
            return "" if rows.description is None else str(rows.fetchone()[0])

    def store(self):
        """A client of the copy's own object store, as the app has it."""
        import boto3

        keys, port = self.settings(), json.loads((self.home / "ports.json").read_text())["objects"]
        return boto3.client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{port}",
            region_name="us-east-1",
            aws_access_key_id=keys["S3_ACCESS_KEY"],
            aws_secret_access_key=keys["S3_SECRET_KEY"],
        )

    def settings(self) -> dict[str, str]:
        """What .env says."""
        return {key: entry.value for key, entry in envfile.read(envfile.path_of(self.root, self.on)).items()}

    def database_url(self, role: str) -> str:
        password = self.settings()["POSTGRES_PASSWORD" if role == "postgres" else f"POSTGRES_{role.upper()}_PASSWORD"]
        name = role if role == "postgres" else f"slipway_{role}"
        port = json.loads((self.home / "ports.json").read_text())["postgres"]
        return f"postgresql://{name}:{password}@127.0.0.1:{port}/slipway"

    def write_row(self, title: str) -> None:
        self.psql(f"INSERT INTO tasks (user_id, title) VALUES ('{DEMO_USER}', '{title}')")

    def processes(self) -> list[psutil.Process]:
        """Every process that works below this copy, but for zombies."""
        return [process for process in psutil.process_iter() if self.is_below(process)]

    def is_below(self, process: psutil.Process) -> bool:
        try:
            where = Path(process.cwd())
            return self.root in (where, *where.parents) and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False

    def set(self, **values: str) -> None:
        """Changes lines of .env."""
        path = envfile.path_of(self.root, self.on)
        kept = [line for line in path.read_text().splitlines() if line.split("=")[0] not in values]
        path.write_text("\n".join([*kept, *(f"{key}={value}" for key, value in values.items())]) + "\n")

    def clean(self) -> None:
        """Ends the stack, by its own way first, then by pid, and fails if that was needed."""
        self.invoke("down")
        left = self.processes()
        for process in left:
            process.kill()
        psutil.wait_procs(left, timeout=10)
        assert not left, f"outlived down: {left}"


def copy_to(target: Path) -> WorkingCopy:
    """The files that git knows or would add, as a fresh clone has them."""
    copy_tree(target, without=("tests/", "bench/"))
    return WorkingCopy(target)


def kill(*pids: int) -> None:
    """kill -9, and wait until they are gone."""
    for pid in pids:
        with suppress(ProcessLookupError):  # the child of one that was killed before may be gone by itself
            os.kill(pid, signal.SIGKILL)
    until(lambda: not any(is_alive(pid) for pid in pids), "the killed are gone")


def is_alive(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def url_of(output: str) -> str:
    """The URL that is the last line of what `up` printed."""
    last = output.rstrip().splitlines()[-1]
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+", last), output
    return last
