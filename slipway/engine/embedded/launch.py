"""Becomes a service: reads its specification, writes down its process id, drops what it must not hold, executes it.

Run by the supervisor as `python launch.py SPEC.json`, so it imports nothing but the standard library.
"""

from __future__ import annotations

import json
import os
import sys


def main(path: str) -> None:
    with open(path, encoding="utf-8") as file:
        spec = json.load(file)
    os.chdir(spec["cwd"])
    with open(spec["pid_file"], "w", encoding="utf-8") as file:
        file.write(str(os.getpid()))
    try:
        os.execve(spec["argv"][0], spec["argv"], spec["env"])
    except OSError as error:
        sys.exit(f"cannot run {spec['argv'][0]}: {error.strerror}")


if __name__ == "__main__":
    main(sys.argv[1])
