"""What a clone of this working tree would hold, copied to where a stack of a test's own is."""

from __future__ import annotations

import compileall
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CODE = ("slipway", "app")  # what a command and the app import


def known_files() -> Iterator[str]:
    """Names of what a clone would hold: tracked files, and new ones that git does not ignore."""
    argv = ["git", "-C", str(ROOT), "ls-files", "-z", "-co", "--exclude-standard"]
    for name in subprocess.run(argv, capture_output=True, check=True, text=True).stdout.split("\0"):
        if name and (ROOT / name).is_file():
            yield name


def copy_tree(target: Path, without: tuple[str, ...] = ()) -> None:
    """Copies what a clone would hold, but for what is below `without`, and the bytecode that Python has of it.

    Bytecode is good for a file of the same size and time, which are kept. Without it, the first commands in each copy would compile everything anew.
    """
    for folder in CODE:
        compileall.compile_dir(ROOT / folder, quiet=1)
    for name in known_files():
        if not name.startswith(without):
            copy(name, target)
    for folder in CODE:
        for path in (ROOT / folder).rglob("__pycache__/*.pyc"):
            copy(str(path.relative_to(ROOT)), target)
    # Containers read parts of it under other user ids.
    target.chmod(0o755)


def copy(name: str, target: Path) -> None:
    (target / name).parent.mkdir(parents=True, exist_ok=True)
    shutil.copy2(ROOT / name, target / name)
