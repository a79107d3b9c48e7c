"""Dokploy's own packages from npm, and Compose: what they make of a text is what our predictions are held to."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path

import pytest

HERE = Path(__file__).parents[2] / "dokploy"


class Oracle:
    """One node process that answers a line with a line."""

    def __init__(self, home: Path):
        words = ["node", str(HERE / "oracle.js"), str(home)]
        self.process = subprocess.Popen(words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def ask(self, **question: str) -> dict:
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def yaml(self, text: str) -> str | None:
        return self.ask(yaml=text).get("found")

    def env(self, text: str) -> dict[str, str]:
        return dict(self.ask(env=text)["found"])

    def toml(self, text: str) -> dict | None:
        return self.ask(toml=text).get("found")

    def end(self) -> None:
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def compose() -> str:
    """Compose, which reads a file without an engine. Skips without it, fails in CI."""
    if (found := shutil.which("docker")) is None:
        must = os.environ.get("CI") == "true" or os.environ.get("SLIPWAY_REQUIRE_ENGINE") == "1"
        (pytest.fail if must else pytest.skip)("no docker. To compare with Compose: sudo scripts/docker-engine")
    return found
