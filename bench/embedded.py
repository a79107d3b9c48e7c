"""Cold and no-op `up` on the embedded engine, wheels installed, empty data."""

from __future__ import annotations

from collections.abc import Iterator

from bench.harness import Result, copy_of_tree, environment, free_port, invoke, median, take_down, timed


def measure() -> Iterator[Result]:
    env = environment(ENGINE="embedded", HTTP_PORT=free_port())
    with copy_of_tree() as tree:
        try:
            yield Result("embedded: cold up", timed(invoke("up"), tree, env), 10, "s", "the limit of 10 s", 1.0)
            yield Result(
                "embedded: no-op up", median(lambda: timed(invoke("up"), tree, env), 5), 1, "s", "the limit of 1 s", 1.0
            )
        finally:
            take_down(tree, env)
