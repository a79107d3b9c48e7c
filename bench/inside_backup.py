"""The measuring half of bench/backup.py: a cluster, a database of mixed data, and our backup in turns with pg_dump."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

SIZE = int(os.environ.get("BENCH_BACKUP_MB", "3072"))
TURNS = 3
PORT = "5499"
URL = f"postgresql://postgres@127.0.0.1:{PORT}/bench?sslmode=disable"
# Some text as people write it, JSON, times, keys that do not repeat; three fifths of it are rows, the rest indexes.
MAKE = """
CREATE TABLE people (id bigint PRIMARY KEY, email text NOT NULL, name text, note text, seen timestamptz, data jsonb);
CREATE TABLE events (id bigint PRIMARY KEY, person bigint NOT NULL, kind text NOT NULL, at timestamptz, data jsonb);
CREATE INDEX ON people (email); CREATE INDEX ON people USING gin (data); CREATE INDEX ON events (person, at);
"""
FILL = """
INSERT INTO people SELECT g, 'user' || g || '@example.org', initcap(substr(md5(g::text), 1, 8)) || ' ' || (g % 977),
    repeat('Words that people write, again and again. ', 1 + (g % 5)::int) || md5((g * 7)::text), now() - g * interval '1 min',
    jsonb_build_object('plan', (ARRAY['free', 'team', 'big'])[1 + g % 3], 'visits', g % 1000, 'ref', md5(g::text))
FROM generate_series({0}, {1}) g;
INSERT INTO events SELECT g, g % 1000, (ARRAY['login', 'view', 'buy'])[1 + g % 3], now() - g * interval '1 s',
    jsonb_build_object('path', '/page/' || g % 5000, 'ms', g % 700, 'token', md5((g * 3)::text) || md5((g * 5)::text), 'agent',
        'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/' || 100 + g % 40, 'tags', ARRAY[g % 7, g % 11])
FROM generate_series({0} * 4, {1} * 4 + 3) g;
"""
STEP = 50_000


def main() -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as name, server(Path(name)):
        size = filled()
        for result in measured(Path(name), size):
            print(json.dumps(result), flush=True)


@contextmanager
def server(place: Path) -> Iterator[None]:
    data = str(place / "data")
    subprocess.run(
        ["initdb", "-D", data, "-A", "trust", "-U", "postgres", "--locale=C.UTF-8", "-E", "UTF8"],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    child = subprocess.Popen(
        [
            "postgres",
            "-D",
            data,
            "-p",
            PORT,
            "-k",
            str(place),
            "-c",
            "listen_addresses=127.0.0.1",
            "-c",
            "max_wal_size=8GB",
            "-c",
            "shared_buffers=256MB",
            "-c",
            "autovacuum=off",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while subprocess.run(["pg_isready", "-q", "-h", "127.0.0.1", "-p", PORT], check=False).returncode:
            time.sleep(0.1)
        yield
    finally:
        child.send_signal(2)
        child.wait()


def psql(text: str, database: str = "bench") -> str:
    done = subprocess.run(
        ["psql", "-qXAtv", "ON_ERROR_STOP=1", URL.replace("/bench", f"/{database}"), "-c", text],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    return done.stdout.strip()


def filled() -> int:
    """Makes a database of at least SIZE megabytes; returns how many it has."""
    psql("CREATE DATABASE bench", "postgres")
    psql(MAKE)
    rows = size = 0
    while size < SIZE:
        psql(FILL.format(rows + 1, rows + STEP))
        rows += STEP
        size = int(psql("SELECT pg_database_size('bench') / 1048576"))
    psql("VACUUM ANALYZE")
    psql("CHECKPOINT")
    return size


def measured(place: Path, size: int) -> Iterator[dict]:
    ours, raw, peaks, bytes_ours = [], [], [], 0
    started = time.perf_counter()
    plain = place / "gzip.dump"
    dump(plain)
    default, bytes_default = time.perf_counter() - started, plain.stat().st_size
    plain.unlink()
    for _ in range(TURNS):
        target = place / "zstd.dump"
        raw.append(dump(target, "--compress=zstd:1"))
        target.unlink()
        seconds, peak, bytes_ours = backup(place / "backups")
        ours.append(seconds)
        peaks.append(peak)
    version = subprocess.run(["pg_dump", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[2]
    name = f"backup: {size} MB, pg_dump {version}"
    yield row(name, middle(ours), default, "s", "pg_dump --format=custom, gzip", 0.333)
    yield row("backup: its size", bytes_ours / 2**20, bytes_default / 2**20, "MB", "that file", 1.0)
    yield row(name, middle(ours), middle(raw), "s", "pg_dump with the same zstd:1", 1.111)
    yield row("backup: peak memory", max(peaks), 150, "MB", "the limit of 150 MB", 1.0)


def row(name: str, ours: float, peer: float, unit: str, what: str, bar: float) -> dict:
    return {"name": name, "ours": ours, "peer": peer, "unit": unit, "against": what, "bar": bar}


def middle(times: list[float]) -> float:
    return sorted(times)[len(times) // 2]


def dump(target: Path, *words: str) -> float:
    begun = time.perf_counter()
    subprocess.run(["pg_dump", "--format=custom", *words, f"--file={target}", near(URL, target.parent)], check=True)
    return time.perf_counter() - begun


def near(url: str, place: Path) -> str:
    """By the socket, as ours goes, and as pg_dump goes that is run in the server's own container."""
    return f"{url}&host={place}"


def backup(place: Path) -> tuple[float, float, int]:
    """Seconds, peak megabytes of all its processes together, and bytes of one backup of ours."""
    env = os.environ | {
        "MIGRATE_DATABASE_URL": URL,
        "BACKUP_DIR": str(place),
        "STATE_DIR": str(place.parent / "state"),
        "POSTGRES_SOCKET": str(place.parent),
    }
    begun = time.perf_counter()
    child = subprocess.Popen(
        [sys.executable, "-m", "slipway.ops", "backup", '{"only": "db"}'], env=env, stdout=subprocess.PIPE, text=True
    )
    peak: list[float] = [0.0]
    watcher = threading.Thread(target=watch, args=(child, peak))
    watcher.start()
    said = child.communicate()[0]
    seconds = time.perf_counter() - begun
    watcher.join()
    if child.returncode:
        sys.exit(said.splitlines()[-1])
    size = sum(path.stat().st_size for path in place.rglob("*"))
    shutil.rmtree(place)
    return seconds, peak[0], size


def watch(child: subprocess.Popen, peak: list[float]) -> None:
    while child.poll() is None:
        peak[0] = max(peak[0], sum(map(resident, family(child.pid))) / 1024)
        time.sleep(0.2)


def family(top: int) -> list[int]:
    """A process and all that it has started."""
    parents = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            words = path.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        parents[int(path.parent.name)] = int(words[1])
    found = [top]
    for pid in found:
        found += [each for each, parent in parents.items() if parent == pid]
    return found


def resident(pid: int) -> int:
    """Kilobytes of memory that a process holds; none when it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith("VmRSS:")), 0)


if __name__ == "__main__":
    main()
