"""./invoke: installs on first use and when something changed, never otherwise; says in words what is missing."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from slipway.environment import ROOT

# A Python whose venvs hold a pip that writes down its calls, and an invoke that shows its arguments.
PYTHON = """#!/bin/sh
[ "$1" = -c ] && exit 0
[ "$1 $2" = "-m venv" ] || exit 64
echo made >> "{calls}"
mkdir -p "$4/bin"
printf '#!/bin/sh\\n%s\\n' '{pip}' > "$4/bin/python"
printf '#!/bin/sh\\nfor word; do printf "<%%s>" "$word"; done; pwd; exit 7\\n' > "$4/bin/invoke"
chmod +x "$4/bin/python" "$4/bin/invoke"
"""


def program(path: Path, text: str) -> Path:
    path.parent.mkdir(exist_ok=True)
    path.write_text(text)
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


class Clone:
    """A directory with the launcher and a lock, beside programs of the test's own."""

    def __init__(self, folder: Path):
        self.root, self.programs, self.calls = folder / "a clone", folder / "programs", folder / "calls"
        (self.root / "requirements").mkdir(parents=True)
        self.programs.mkdir()
        shutil.copy(ROOT / "invoke", self.root / "invoke")
        (self.root / "requirements/base.lock").write_text("invoke==3.0.3\n")
        for name in ("sh", "dirname", "cat", "cksum", "mkdir", "chmod", "pwd"):
            (self.programs / name).symlink_to(shutil.which(name))

    def python(self, pip: str = "exit 0") -> None:
        program(self.programs / "python3", PYTHON.format(calls=self.calls, pip=pip))

    def run(self, *words: str, **env: str) -> subprocess.CompletedProcess:
        return subprocess.run(
            [str(self.root / "invoke"), *words],
            text=True,
            capture_output=True,
            check=False,
            cwd="/",
            env={"PATH": str(self.programs), "HOME": str(self.root), **env},
            timeout=60,
        )

    @property
    def made(self) -> int:
        return len(self.calls.read_text().splitlines()) if self.calls.exists() else 0


@pytest.fixture
def clone(tmp_path) -> Clone:
    return Clone(tmp_path)


def message(done: subprocess.CompletedProcess) -> dict[str, str]:
    """The four parts of the launcher's error."""
    assert done.returncode == 2 and "Traceback" not in done.stderr
    lines = done.stderr[done.stderr.index("error: ") :].splitlines()
    return {line.split()[0]: line.split(maxsplit=1)[1] for line in lines}


def test_arguments_directory_and_exit_code_are_invokes(clone):
    clone.python()
    done = clone.run("up", "--on", "a b", "$HOME", "")
    assert (done.returncode, done.stdout) == (7, f"<up><--on><a b><$HOME><>{clone.root}\n")


def test_the_first_use_installs_and_says_so_and_the_second_does_not(clone):
    clone.python()
    first, second = clone.run("up"), clone.run("up")
    assert first.stderr.startswith("first use") and second.stderr == "" and clone.made == 1


def test_tasks_learn_where_their_paths_are_from_and_python_nothing_of_other_programs(clone):
    clone.python()
    clone.run()
    told = '#!/bin/sh\necho "$SLIPWAY_TYPED_IN|${PYTHONPATH-unset}|${PYTHONOPTIMIZE-unset}|$PYTHONUNBUFFERED"\n'
    program(clone.root / ".venv/bin/invoke", told)
    done = clone.run(PYTHONPATH="/nowhere", PYTHONOPTIMIZE="2", PYTHONUNBUFFERED="1")
    assert done.stdout == "/|unset|unset|1\n"


def test_a_changed_lock_installs_again(clone):
    clone.python()
    clone.run()
    (clone.root / "requirements/base.lock").write_text("invoke==3.0.4\n")
    assert "installing into .venv" in clone.run().stderr and clone.made == 2
    assert clone.run().stderr == "" and clone.made == 2


def test_a_moved_clone_installs_again_because_environments_hold_absolute_paths(clone):
    clone.python()
    clone.run()
    clone.root = clone.root.rename(clone.root.with_name("moved"))
    assert "installing" in clone.run().stderr and clone.made == 2
    assert clone.run().stderr == "" and clone.made == 2


def test_an_environment_that_pip_left_half_made_is_made_again(clone):
    clone.python(pip="echo no network >&2; exit 1")
    found = message(clone.run("up"))
    assert found["error:"] == "./invoke" and found["found"].startswith("pip could not install requirements/base.lock")
    clone.python()
    assert clone.run().returncode == 7 and clone.made == 2


@pytest.mark.parametrize("kind", ["none", "too old"])
def test_without_a_recent_python_it_says_what_to_install(clone, kind):
    if kind == "too old":
        program(clone.programs / "python3", '#!/bin/sh\n[ "$1" = --version ] && echo Python 3.9.2 || exit 1\n')
    found = message(clone.run("up"))
    assert found["expected"] == "Python 3.11 or newer on PATH" and "PYTHON=" in found["next"]
    assert (found["found"] == "Python 3.9.2") if kind == "too old" else ("not found" in found["found"])
    assert not (clone.root / ".venv").exists()


def test_a_named_python_that_is_broken_is_not_used(clone):
    broken = program(clone.programs / "broken", "#!/bin/sh\nexit 1\n")
    assert "PYTHON=" in message(clone.run("up", PYTHON=str(broken)))["next"]
    assert not (clone.root / ".venv").exists()


def test_a_named_python_wins(clone, tmp_path):
    mine = program(tmp_path / "mine", PYTHON.format(calls=clone.calls, pip="exit 0"))
    assert clone.run(PYTHON=str(mine)).returncode == 7 and clone.made == 1


def test_a_python_without_venv_names_the_package(clone):
    program(clone.programs / "python3", '#!/bin/sh\n[ "$1" = -c ]\n')
    found = message(clone.run("up"))
    assert found["found"] == "python3 cannot make a virtual environment" and "python3-venv" in found["next"]


def test_the_real_pip_without_an_index_fails_in_words_and_leaves_no_stamp(clone):
    """The environment is this one, so that only pip has work to do; it is told that there is no index."""
    clone.python(pip=f'exec {sys.executable} "$@"')
    (clone.root / "requirements/base.lock").write_text("slipway-no-such-package==1.0 --hash=sha256:" + "0" * 64 + "\n")
    done = clone.run("up", PIP_NO_INDEX="1", PIP_CONFIG_FILE=os.devnull)
    found = message(done)
    assert "pip could not install" in found["found"] and "No matching distribution" in done.stderr
    assert not (clone.root / ".venv/slipway.stamp").exists()
