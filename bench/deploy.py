"""Deploys under load: failed requests, beside `docker compose up -d` and docker-rollout's sequence; then the times.

BENCH_DEPLOYS says how many of ours (10), PEER_DEPLOYS how many of each peer (3). The app takes two seconds to boot.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from bench import deploy_peers
from bench.harness import Result, copy_of_tree, environment, free_port, invoke, median, take_down, timed
from slipway.config.envfile import fresh_secrets
from slipway.environment import enter
from slipway.errors import VerificationError
from tests.support.load.generator import FULL, load, percentile
from tests.support.load.generator import Result as Load

BOOT = 2.0  # seconds, of the app
QUIET = 5.0  # seconds of load before the first deploy, which the latencies are held against
NEAR = 0.5  # seconds before and after a switch that count as during it
TIMES = 5


@dataclass(frozen=True)
class Failed(Result):
    """Failed requests per deploy, of which none is allowed, whatever the peer has."""

    @property
    def ratio(self) -> float:
        return 0.0 if self.ours == 0 else self.ours / self.peer if self.peer else float("inf")


def measure() -> Iterator[Result]:
    deploys, peers = int(os.environ.get("BENCH_DEPLOYS", "10")), int(os.environ.get("PEER_DEPLOYS", "3"))
    port = free_port()
    env = environment(
        ENGINE="docker",
        IMAGES="debian",
        PROJECT="slipway-bench-deploy",
        HTTP_PORT=port,
        APP_CONTEXT="tests/scenarios/apps/slow",
        APP_ENV_BOOT_SECONDS=f"{BOOT:g}",
        APP_ENV_VERSION="v0",
        **fresh_secrets(),
    )
    with copy_of_tree() as tree:
        (tree / ".env").touch(mode=0o600)
        try:
            timed(invoke("up"), tree, env)
            ours = seen(
                under_load(
                    f"http://127.0.0.1:{port}", deploys, lambda n: timed(invoke("deploy"), tree, version(env, n))
                ),
                deploys,
            )
            yield from against_peers(ours, deploys, peers, tree, env)
            yield added(ours)
            yield from times(tree, env, deploys)
        finally:
            take_down(tree, env)


def version(env: Mapping[str, str], number: int) -> dict[str, str]:
    return {**env, "APP_ENV_VERSION": f"v{number}"}


def under_load(url: str, deploys: int, deploy: Callable[[int], object]) -> Load:
    """What came of the load while `deploy` ran so often, one after the other."""
    with load(url, seconds=QUIET + 120 * deploys, rate=FULL) as running:
        time.sleep(QUIET)
        for number in range(1, deploys + 1):
            deploy(number)
    print(f"  {running.result.text()}; {len(running.result.turns)} turns", file=sys.stderr)
    if not running.lasted:
        raise unproven(
            f"over after {running.result.seconds:.0f} s, before the deploys were", "a load that lasts as long"
        )
    return running.result


def seen(ours: Load, deploys: int) -> Load:
    """The load itself. Raises VerificationError if it did not see each deploy: it would prove nothing of the others."""
    if len(ours.turns) < deploys:
        raise unproven(f"{len(ours.turns)} switches seen in {deploys} deploys", "as many switches as deploys")
    return ours


def unproven(found: str, expected: str) -> VerificationError:
    return VerificationError(
        "bench deploy, its load",
        found,
        expected,
        "BENCH_DEPLOYS=3 ./invoke bench --only deploy, on a machine that does nothing else",
    )


def against_peers(ours: Load, deploys: int, peers: int, tree: Path, env: Mapping[str, str]) -> Iterator[Result]:
    tags = enter("local", env, tree).engine.tags
    for name, how in (("compose up -d", deploy_peers.recreate), ("docker-rollout's sequence", deploy_peers.rollout)):
        with deploy_peers.stack(tags["app"], tags["gateway"]) as peer:
            failed = under_load(peer.url, peers, lambda n, how=how, peer=peer: how(peer, f"v{n}")).failed
        yield Failed(
            f"deploy: failed per deploy, {deploys} deploys", ours.failed / deploys, failed / peers, "", name, 0
        )


def added(ours: Load) -> Result:
    """Milliseconds that p99 gains within half a second of a switch, against the time before the first deploy."""
    begun = min(sample.at for sample in ours.samples)
    during = (sample.ms for sample in ours.quick() if any(abs(sample.at - turn) <= NEAR for turn in ours.turns))
    quiet = ours.p99(until=begun + QUIET)
    return Result(
        "deploy: p99 added at the switch",
        max(0.0, percentile(0.99, during) - quiet),
        50,
        "ms",
        f"the limit of 50 ms ({quiet:.0f} ms before)",
        1.0,
    )


def times(tree: Path, env: Mapping[str, str], done: int) -> Iterator[Result]:
    """The time of a deploy beyond the boot of the app, and of one that has nothing to do; without load."""
    numbers = iter(range(done + 1, done + 1 + TIMES))
    wall = median(lambda: timed(invoke("deploy"), tree, version(env, next(numbers))), TIMES)
    yield Result("deploy: beyond the boot of the app", wall - BOOT, 1.5, "s", "the limit of 1.5 s", 1.0)
    same = version(env, done + TIMES)
    yield Result(
        "deploy: nothing to deploy",
        median(lambda: timed(invoke("deploy"), tree, same), TIMES),
        1.0,
        "s",
        "the limit of 1 s",
        1.0,
    )
