"""Runs the benchmarks and prints one line each: ours, the peer's in the same run, the ratio, the bar."""

from __future__ import annotations

import importlib
import os
import sys

from bench.harness import NotMeasured, Result
from slipway.engine.pick import why_no_docker
from slipway.errors import SlipwayError

ALL = (
    "startup",
    "embedded",
    "memory",
    "backend",
    "migrations",
    "mirror",
    "docker",
    "deploy",
    "backup",
    "backup_memory",
    "restore",
    "supabase",
    "pitr",
)
ON_DOCKER = ("docker", "deploy", "backup", "pitr")


def main(names: list[str]) -> int:
    unknown = [name for name in names if name not in ALL]
    if unknown:
        print(f"error: no benchmark {', '.join(unknown)}\n  expected  {', '.join(ALL)}", file=sys.stderr)
        return 2
    print(f"{'what':<34} {'ours':>12} {'peer':>12} {'ratio':>6}  bar    verdict  peer is")
    missed = 0
    for name in names or ALL:
        if name in ON_DOCKER and why_no_docker(os.environ):
            print(f"{name}: left out, because no engine answers; on Debian: sudo scripts/docker-engine")
            continue
        try:
            missed += measured(name)
        except SlipwayError as error:
            print(f"error: {error}\n  expected  {error.expected}\n  next      {error.next}", file=sys.stderr)
            return error.code
    return 8 if missed else 0


def measured(name: str) -> int:
    """Runs one benchmark, prints its lines, and returns how many bars were missed."""
    missed = 0
    found = importlib.import_module(f"bench.{name}").measure()
    for result in [found] if isinstance(found, Result | NotMeasured) else found:
        print(result.line(), flush=True)
        missed += not result.met
    return missed


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
