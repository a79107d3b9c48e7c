"""Postgres and Redis settings from a memory limit."""

from __future__ import annotations

import pytest

from slipway.stack import tuning

MB, GB = 2**20, 2**30


def size(text: str) -> int:
    assert text.endswith("MB")
    return int(text.removesuffix("MB")) * MB


@pytest.mark.parametrize(
    ("memory", "connections", "expected"),
    [
        (
            1 * GB,
            100,
            {
                "shared_buffers": "256MB",
                "effective_cache_size": "768MB",
                "maintenance_work_mem": "64MB",
                "work_mem": "4MB",
                "max_connections": "100",
            },
        ),
        (16 * GB, 100, {"shared_buffers": "4096MB", "work_mem": "40MB", "maintenance_work_mem": "1024MB"}),
        (64 * GB, 10, {"maintenance_work_mem": "2048MB"}),
    ],
)
def test_the_proportions(memory, connections, expected):
    assert tuning.postgres(memory, connections).items() >= expected.items()


@pytest.mark.parametrize("memory", [128 * MB, 256 * MB, 1 * GB, 64 * GB])
@pytest.mark.parametrize("connections", [10, 100, 5000])
def test_what_is_always_there_leaves_room_within_the_limit(memory, connections):
    tuned = tuning.postgres(memory, connections)
    assert size(tuned["shared_buffers"]) + size(tuned["maintenance_work_mem"]) + size(tuned["wal_buffers"]) < memory
    assert size(tuned["work_mem"]) >= 4 * MB


def test_statements_are_counted_only_where_the_extension_is_there():
    assert tuning.postgres(GB, 100)["shared_preload_libraries"] == "pg_stat_statements"
    assert "shared_preload_libraries" not in tuning.postgres(GB, 100, extension=False)
