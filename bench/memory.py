"""Peak memory of the tool itself during a cold `up` on each engine."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.harness import Result, copy_of_tree, environment, free_port, invoke, take_down
from slipway.engine.pick import why_no_docker

# A child of its own: RUSAGE_CHILDREN keeps the largest of all children ever waited for.
WATCH = """
import resource, subprocess, sys
done = subprocess.run(sys.argv[1:], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
sys.exit(done.returncode)
"""


def measure() -> Iterator[Result]:
    for engine in ("embedded", "docker"):
        if engine == "docker" and why_no_docker(os.environ):
            continue
        env = environment(ENGINE=engine, IMAGES="debian", PROJECT="slipway-bench-memory", HTTP_PORT=free_port())
        with copy_of_tree() as tree:
            try:
                yield Result(f"{engine}: peak memory of up", peak(tree, env), 120, "MB", "the limit of 120 MB", 1.0)
            finally:
                take_down(tree, env)


def peak(tree: Path, env: Mapping[str, str]) -> float:
    done = subprocess.run(
        [sys.executable, "-c", WATCH, *invoke("up")], cwd=tree, env=dict(env), capture_output=True, text=True
    )
    if done.returncode:
        print(done.stderr[-3000:], file=sys.stderr)
        done.check_returncode()
    return float(done.stdout.strip().splitlines()[-1])
