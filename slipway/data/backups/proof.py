"""`backups.verify`: a backup against its manifest, its objects against their list, its dump against pg_restore."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

from slipway.data import mirror
from slipway.data.backups import dump, folder, lock, manifest, verify
from slipway.data.backups.interface import Verified, Verify
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.postgres import programs
from slipway.data.progress import progress
from slipway.errors import VerificationError

SAMPLE = 20  # objects of which the bytes are read again


def prove(ends: Endpoints, args: Verify, emit: Emit) -> Verified:
    """Looks at a backup: each file is read and hashed, and the bytes of its objects must be there. Raises VerificationError with the first problem, the others as its log."""
    path = folder.find(ends, args.id or "latest")
    with lock.hold_for_reading(path):
        progress(emit, f"hashing {path.name}", 0, 0, "")
        problems = verify.problems(path)
        if not problems:
            progress(emit, "looking at objects", 0, 0, "")
            problems = objects(ends, path, None if args.all else SAMPLE)
        if not problems and args.read and (path / manifest.DUMP).exists():
            progress(emit, "pg_restore reads the dump", 0, 0, "")
            problems = readable(ends, path)
        if problems:
            more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
            raise VerificationError(
                f"backup {path.name}",
                problems[0] + more,
                "a backup as it was written",
                describe_mending(ends, path.name),
                tuple(problems[1:]),
            )
        found = folder.read(path)
    size = sum(file["bytes"] for file in found["files"].values())
    return Verified(path.name, len(found["files"]), args.read, size, found["objects"])


def describe_mending(ends: Endpoints, name: str) -> str:
    """What to type: another backup; or the copy of this one, where copies are made."""
    copy = f"; or its copy: ./invoke backups.fetch {name}" if ends.offsite else ""
    return f"./invoke backup, which reads anew what is damaged{copy}"


def objects(ends: Endpoints, path: Path, count: int | None) -> list[str]:
    """What is wrong with the bytes of its objects, where it keeps any."""
    kept = (manifest.read(path)["objects"] or {}).get("bytes_kept")
    pool = folder.pool(ends)
    return (mirror.find_missing(path, pool) or mirror.sample(path, pool, count, aside=True)) if kept else []


def readable(ends: Endpoints, path: Path) -> list[str]:
    """Whether pg_restore reads the whole dump, every block unpacked; nothing is written anywhere."""
    found = manifest.read(path)
    major, wrote = found["server_version_num"] // 10000, manifest.writer(found)
    program = programs.folder(ends, major, "pg_restore", wrote=wrote) / "pg_restore"
    done = subprocess.run(
        [*dump.bind_to_parent(), str(program), f"--file={os.devnull}", str(path / manifest.DUMP)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
        env={key: value for key, value in os.environ.items() if not key.startswith("PG")},
    )
    return [f"{manifest.DUMP}: pg_restore says: {programs.last_words(done.stderr, {})}"] if done.returncode else []
