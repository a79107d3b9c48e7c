"""Cold and no-op `up` on Docker against `docker compose up -d --wait`, images present."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.harness import ROOT, Result, copy_of_tree, environment, free_port, invoke, median, take_down, timed
from slipway.config.envfile import fresh_secrets
from slipway.environment import enter

PEER = Path(__file__).with_name("peer.compose.yaml")


def measure() -> Iterator[Result]:
    settings = {
        "ENGINE": "docker",
        "IMAGES": "debian",
        "PROJECT": "slipway-bench",
        "HTTP_PORT": free_port(),
    } | fresh_secrets()
    env = environment(**settings)
    with copy_of_tree() as tree:
        (tree / ".env").touch(mode=0o600)
        try:
            timed(invoke("images.build"), tree, env)
            peer_cold = cold_peer(tree, env)
            cold = timed(invoke("up"), tree, env)
            yield Result(
                "docker: cold up, migrated",
                cold,
                peer_cold,
                "s",
                "compose up -d --wait with 5 s intervals, then psql per migration",
                0.6,
            )
            yield noop(tree, env)
        finally:
            take_down(tree, env)


def noop(tree: Path, env: Mapping[str, str]) -> Result:
    engine = enter("local", env, tree).engine
    compose = engine.compose("up", "-d", "--wait")
    timed(compose, tree, engine.environment)
    ours, peer = [], []
    for _ in range(7):  # in turns, so that both meet the same machine
        ours.append(timed(invoke("up"), tree, env))
        peer.append(timed(compose, tree, engine.environment))
    return Result(
        "docker: no-op up",
        median(iter(ours).__next__, 7),
        median(iter(peer).__next__, 7),
        "s",
        "compose up -d --wait on the same file",
        1.0,
    )


def cold_peer(tree: Path, env: Mapping[str, str]) -> float:
    """Seconds of an equal hand-written file, `up -d --wait`, and one psql per migration; cleaned up after."""
    engine = enter("local", env, tree).engine
    told = engine.environment | {"PEER_PORT": free_port()}
    compose = ["docker", "compose", "-p", "slipway-bench-peer", "-f", str(PEER)]
    try:
        begun = time.perf_counter()
        timed([*compose, "up", "-d", "--wait"], tree, told)
        for file in sorted((ROOT / "migrations").glob("*.up.sql")):
            subprocess.run(
                [
                    *compose,
                    "exec",
                    "-T",
                    "postgres",
                    "psql",
                    "-qU",
                    "postgres",
                    "-v",
                    "ON_ERROR_STOP=1",
                    "-d",
                    "slipway",
                ],
                input=file.read_bytes(),
                env=told,
                check=True,
                capture_output=True,
            )
        return time.perf_counter() - begun
    finally:
        subprocess.run([*compose, "down", "--volumes"], env=told, capture_output=True)
