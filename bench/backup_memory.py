"""Peak memory of what carries a large backup: its restore, its copy elsewhere, in the clear and sealed, and back again."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

from bench.harness import Result
from bench.inside_backup import watch
from bench.mirror import BUCKET, KEY, SECRET, ours, store
from bench.postgres import Server, server

MEGABYTES = int(os.environ.get("BENCH_MEGABYTES", "1024"))  # that no method makes smaller: the backup has as many
ROW = 2**16
LIMIT = 150  # megabytes, of all its processes together


def measure() -> Iterator[Result]:
    """Each verb is a process of its own; servers that it talks to are not counted."""
    from pyrage import x25519

    key = x25519.Identity.generate()
    with server() as postgres, tempfile.TemporaryDirectory(prefix="slipway-bench-") as name:
        folder = Path(name)
        (folder / "store" / BUCKET).mkdir(parents=True)
        with store(folder) as endpoint:
            fill(postgres)
            env = settings(folder, endpoint, postgres)
            made, _ = run(env, "backup", only="db")
            size = sum(file["bytes"] for file in made["files"].values()) // 2**20
            yield row(f"restore, {size} MB: peak memory", run(env, "restore", id=made["id"])[1])
            for how, more, secret in (
                ("copy", {}, ""),
                ("sealed copy", {"OFFSITE_AGE_RECIPIENT": str(key.to_public())}, str(key)),
            ):
                yield row(f"{how}, {size} MB: peak memory", run(env | more, "backups.push", id=made["id"])[1])
                shutil.rmtree(folder / "backups")
                yield row(
                    f"{how} back, {size} MB: peak memory", run(env, "backups.fetch", id=made["id"], identity=secret)[1]
                )


def row(name: str, peak: float) -> Result:
    return Result(name, peak, LIMIT, "MB", f"the limit of {LIMIT} MB", 1.0)


def fill(postgres: Server) -> None:
    """Bytes by chance, in rows that are kept out of line and as they are."""
    import psycopg

    with psycopg.connect(postgres.fresh("shop"), autocommit=True) as conn:
        conn.execute("CREATE TABLE t (body bytea); ALTER TABLE t ALTER body SET STORAGE EXTERNAL")
        with conn.cursor().copy("COPY t FROM STDIN (FORMAT binary)") as copy:
            copy.set_types(["bytea"])
            for _ in range(MEGABYTES * 2**20 // ROW):
                copy.write_row((os.urandom(ROW),))


def settings(folder: Path, endpoint: str, postgres: Server) -> Mapping[str, str]:
    url = postgres.url("shop")
    return {
        **ours(folder, endpoint),
        "S3_ENDPOINT": "",
        "S3_BUCKETS": "",
        "ADMIN_DATABASE_URL": postgres.url("postgres"),
        "MIGRATE_DATABASE_URL": url,
        "DATABASE_URL": url,
        "PG_BIN": str(postgres.programs),
        "OFFSITE_S3_ENDPOINT": endpoint,
        "OFFSITE_S3_BUCKET": BUCKET,
        "OFFSITE_S3_ACCESS_KEY": KEY,
        "OFFSITE_S3_SECRET_KEY": SECRET,
    }


def run(env: Mapping[str, str], verb: str, **args: str) -> tuple[dict, float]:
    """What a verb answers, and the megabytes that all its processes have had at once."""
    child = subprocess.Popen(
        [sys.executable, "-m", "slipway.ops", verb, json.dumps(args)],
        env=dict(env),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    peak = [0.0]
    watcher = threading.Thread(target=watch, args=(child, peak))
    watcher.start()
    said = child.communicate()[0]
    watcher.join()
    if child.returncode:
        print(said.splitlines()[-1], file=sys.stderr)
        raise subprocess.CalledProcessError(child.returncode, verb)
    return json.loads(said.splitlines()[-1])["result"], peak[0]
