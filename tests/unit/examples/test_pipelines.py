"""The pipelines of examples/ci: good by the schema of their platform, and their commands do what they say."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from slipway.config import envfile
from slipway.system import git
from tests.support.waiting import PATIENCE

ROOT = Path(__file__).parents[3]
HERE = ROOT / "examples/ci"
SCHEMAS = {"github": "github-workflows", "gitlab": "gitlab-ci", "woodpecker": "woodpecker-ci"}
SETTINGS = "PROJECT=shop\nPOSTGRES_PASSWORD='a $HOME \"b\"'\n"
KNOWN = "shop.example.com ssh-ed25519 AAAA"
# Stands where ./invoke is: who it is, what it was told and given, and no agent left behind.
INVOKE = """#!/bin/sh
echo "pid $$"
echo "words $*"
echo "engine $ENGINE $DOCKER_HOST"
ssh-add -l
env | grep -c "^SSH_PRIVATE_KEY=.*BEGIN" | sed "s/^/keys /"
kill "$SSH_AGENT_PID"
"""


@dataclass(frozen=True)
class Pipeline:
    """What a platform runs: its shell, the commands of the deploy, and the variables that it sets or is to be given."""

    shell: tuple[str, ...]
    script: str
    variables: dict[str, object]


def read(name: str) -> dict:
    return yaml.safe_load((HERE / f"{name}.yml").read_text())


def pipeline(name: str) -> Pipeline:
    content = read(name)
    if name == "github":
        (step,) = (each for each in content["jobs"]["deploy"]["steps"] if each.get("name") == "Deploy")
        return Pipeline(("bash", "-e"), step["run"], step["env"])
    if name == "gitlab":
        job = content["deploy"]
        return Pipeline(("sh", "-e"), "\n".join([*job["before_script"], *job["script"]]), job["variables"])
    step = content["steps"]["deploy"]
    return Pipeline(("sh", "-e"), "\n".join(step["commands"]), step["environment"])


def calls(script: str) -> list[list[str]]:
    """The words of every call of ./invoke."""
    lines = (shlex.split(line) for line in script.splitlines() if "./invoke" in line)
    return [words[words.index("./invoke") + 1 :] for words in lines]


@pytest.mark.parametrize("name", SCHEMAS)
def test_a_pipeline_is_good_by_the_published_schema_of_its_platform(name: str):
    words = ["-m", "check_jsonschema", "--builtin-schema", f"vendor.{SCHEMAS[name]}", str(HERE / f"{name}.yml")]
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_the_schemas_find_what_is_wrong(tmp_path: Path):
    for name, (good, bad) in {
        "github": ("runs-on:", "runs-in:"),
        "gitlab": ("interruptible: false", "interruptible: 7"),
        "woodpecker": ("limit: 1", "limit: none"),
    }.items():
        text = (HERE / f"{name}.yml").read_text()
        (tmp_path / f"{name}.yml").write_text(text.replace(good, bad))
        words = ["-m", "check_jsonschema", "--builtin-schema", f"vendor.{SCHEMAS[name]}", str(tmp_path / f"{name}.yml")]
        assert good in text
        assert subprocess.run([sys.executable, *words], capture_output=True, check=False).returncode == 1, name


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_a_pipeline_calls_is_a_task_with_these_flags(name: str):
    from invoke.parser import Parser

    spec = importlib.util.spec_from_file_location("tasks", ROOT / "tasks.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    (words,) = calls(pipeline(name).script)
    (found,) = Parser(contexts=module.namespace.to_contexts()).parse_argv(words)
    said = {key: argument.value for key, argument in found.args.items() if argument.got_value}
    assert (found.name, said) == ("deploy", {"on": "production", "yes": True, "wait": "300"})


@pytest.mark.parametrize("name", SCHEMAS)
def test_what_a_pipeline_sets_is_a_setting_or_a_secret_that_the_text_explains(name: str):
    told = (HERE / "README.md").read_text()
    for key in pipeline(name).variables:
        assert key in envfile.KEYS or f"`{key}`" in told, key


def test_every_setting_that_the_text_names_is_one():
    told = re.findall(r"`([A-Z][A-Z0-9_]+)(?:=[^`]*)?`", (HERE / "README.md").read_text())
    ours = {"DOCKER_HOST", "SSH_PRIVATE_KEY", "SSH_KNOWN_HOSTS", "ENV_PRODUCTION", "SIGINT", "SIGTERM", "SIGKILL"}
    assert {key for key in told if key not in envfile.KEYS} <= ours


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A checkout where ./invoke only tells what it was given, and a machine that has every package."""
    (tmp_path / "bin").mkdir()
    for path, text in ((tmp_path / "invoke", INVOKE), (tmp_path / "bin/apt-get", "#!/bin/sh\n")):
        path.write_text(text)
        path.chmod(0o755)
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(tmp_path / "key")], check=True)
    (tmp_path / "home").mkdir()
    return tmp_path


def started(name: str, place: Path, **variables: str) -> subprocess.Popen:
    """The commands of a pipeline in a shell of its platform, with the secrets in its form."""
    given = {"SSH_PRIVATE_KEY": (place / "key").read_text(), "SSH_KNOWN_HOSTS": KNOWN, "ENV_PRODUCTION": SETTINGS}
    if name == "gitlab":
        for key, text in given.items():
            (place / key).write_text(text)
        given = {key: str(place / key) for key in given}
    found = pipeline(name)
    (place / "script").write_text(found.script)
    path = {"PATH": f"{place / 'bin'}:{os.environ['PATH']}", "HOME": str(place / "home"), "TMPDIR": str(place)}
    env = path | given | {"ENGINE": str(found.variables["ENGINE"]), "DOCKER_HOST": "ssh://deploy@shop.example.com"}
    return subprocess.Popen(
        [*found.shell, str(place / "script")],
        cwd=place,
        env=env | variables,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


@pytest.mark.parametrize("name", SCHEMAS)
def test_the_deploy_gets_the_settings_the_key_and_the_server_to_go_to(name: str, place: Path):
    run = started(name, place)
    told, _ = run.communicate(timeout=PATIENCE)
    assert run.returncode == 0, told
    assert "words deploy --on production --yes --wait 300" in told
    assert "engine docker ssh://deploy@shop.example.com" in told
    assert "ED25519" in told and "keys 0" in told
    written = place / ".env.production"
    assert (written.stat().st_mode & 0o777, (place / "home/.ssh").stat().st_mode & 0o777) == (0o600, 0o700)
    assert {key: each.value for key, each in envfile.read(written).items()} == {
        "PROJECT": "shop",
        "POSTGRES_PASSWORD": 'a $HOME "b"',
    }
    assert KNOWN in (place / "home/.ssh/known_hosts").read_text()


@pytest.mark.parametrize("name", ["github", "woodpecker"])
def test_a_signal_to_the_shell_of_the_step_is_one_to_the_deploy(name: str, place: Path):
    run = started(name, place)
    told, _ = run.communicate(timeout=PATIENCE)
    assert f"pid {run.pid}\n" in told


@pytest.mark.parametrize("name", SCHEMAS)
def test_without_a_server_nothing_is_deployed(name: str, place: Path):
    run = started(name, place, DOCKER_HOST="")
    told, _ = run.communicate(timeout=PATIENCE)
    assert run.returncode == 2 and "DOCKER_HOST is not set" in told and "words" not in told


def test_a_deploy_is_never_cancelled_by_a_newer_one_and_one_runs_at_a_time():
    github, gitlab, woodpecker = (read(name) for name in SCHEMAS)
    assert github["concurrency"] == {"group": "deploy-production", "cancel-in-progress": False}
    assert (gitlab["deploy"]["resource_group"], gitlab["deploy"]["interruptible"]) == ("production", False)
    assert woodpecker["concurrency"] == {"limit": 1, "group": "deploy-production"}


def test_a_checkout_of_one_commit_names_the_release_as_a_whole_one_does(tmp_path: Path):
    whole, alone = tmp_path / "whole", tmp_path / "alone"
    who = ("-c", "user.name=a", "-c", "user.email=a@example.com")
    subprocess.run(["git", "init", "-q", str(whole)], check=True)
    for number in range(3):
        words = ["git", "-C", str(whole), *who, "commit", "-q", "--allow-empty", "-m", str(number)]
        subprocess.run(words, check=True)
    subprocess.run(["git", "clone", "-q", "--depth", "1", f"file://{whole}", str(alone)], check=True)
    assert git.of(alone) == git.of(whole) != ""
