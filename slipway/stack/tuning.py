"""Postgres settings from the memory that its container may use: the proportions of pgtune (pgtune.leopard.in.ua)."""

from __future__ import annotations

MB = 2**20


def postgres(memory: int, connections: int, extension: bool = True) -> dict[str, str]:
    """Server settings for a memory limit in bytes. `extension`: whether pg_stat_statements can be preloaded.

    A quarter of the limit buffers pages; work_mem assumes that a third of the connections sort at once.
    """
    shared = memory // 4
    work = max(4 * MB, (memory - shared) // (3 * connections))
    tuned = {
        "max_connections": str(connections),
        "shared_buffers": megabytes(shared),
        "effective_cache_size": megabytes(memory * 3 // 4),
        "maintenance_work_mem": megabytes(min(memory // 16, 2048 * MB)),
        "work_mem": megabytes(work),
        "wal_buffers": "16MB",
        "min_wal_size": "256MB",
        "max_wal_size": "2GB",
        "checkpoint_completion_target": "0.9",
        "random_page_cost": "1.1",
        "password_encryption": "scram-sha-256",
        "log_min_duration_statement": "1s",
        "log_checkpoints": "on",
        "log_lock_waits": "on",
        "log_autovacuum_min_duration": "1s",
        "log_temp_files": "10MB",
    }
    return tuned | ({"shared_preload_libraries": "pg_stat_statements"} if extension else {})


def megabytes(size: int) -> str:
    return f"{max(1, size // MB)}MB"
