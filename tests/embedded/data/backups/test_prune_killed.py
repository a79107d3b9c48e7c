"""A prune that is killed at any of its changes to the disk: what is still listed is whole, the last proven one among it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest

from slipway.data import mirror
from slipway.data.backups import folder, manifest, verify
from tests.support.backing_up import dated, ends_of

KEEP = {f"BACKUP_KEEP_{name}": "0" for name in ("DAILY", "WEEKLY", "MONTHLY", "DAYS")} | {"BACKUP_KEEP_LAST": "1"}
BACKUPS = 6
# One process for each change that a prune makes, killed before it, in a copy of the directory; the last one is not killed.
KILLED = """
import itertools, json, os, shutil, signal, sys
from pathlib import Path
from slipway.ops import verbs as commands

sys.dont_write_bytecode = True  # which renames files, too, and fewer in each process than in the one before

def die_before(number):
    numbers = itertools.count()
    def look(event, args):
        if event in ("os.rename", "os.remove", "os.rmdir") and next(numbers) == number:
            os.kill(os.getpid(), signal.SIGKILL)
            signal.pause()  # not one step further, however late the signal comes
    sys.addaudithook(look)

def pruned(place, number):
    child = os.fork()
    if not child:
        die_before(number)
        commands.run("backups.prune", {}, {**os.environ, "BACKUP_DIR": str(place)}, lambda event: None)
        os._exit(0)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code in (0, -signal.SIGKILL), f"ended by itself, with {code}"
    return code == 0

for number in itertools.count():
    place = Path(sys.argv[2], str(number))
    shutil.copytree(sys.argv[1], place, copy_function=os.link)
    if pruned(place, number):
        break
"""


@pytest.fixture
def aged(stack, object_env, s3_client):
    """Backups of rows and objects, the newest young and the oldest proven by a drill; every rule but one keeps none."""
    stack.env.update({key: value for key, value in object_env.items() if key.startswith("S3_")} | KEEP)
    stack.run("buckets")
    with stack.connect("admin") as conn:
        conn.execute("CREATE TABLE t AS SELECT g AS id, md5(g::text) AS x FROM generate_series(1, 500) g")
    bucket = object_env["S3_BUCKETS"].split(",")[0]
    s3_client.put_object(Bucket=bucket, Key="shared", Body=b"in all of them")
    made = []
    for number in range(BACKUPS):
        s3_client.put_object(Bucket=bucket, Key="own", Body=f"of {number}".encode())
        made.append(stack.run("backup")["id"])
    for number, name in enumerate(made[:-1]):
        dated(stack, name, timedelta(days=300 - number))
    stack.run("backups.drill", {"id": made[0]})
    return stack, made[0], made[-1]


def test_killed_at_any_change_it_loses_nothing_that_is_kept_and_lists_nothing_half(aged, tmp_path: Path) -> None:
    stack, proven, newest = aged
    copies = tmp_path / "copies"
    copies.mkdir()
    subprocess.run(
        [sys.executable, "-c", KILLED, stack.env["BACKUP_DIR"], str(copies)],
        check=True,
        env={**os.environ, **stack.env},
    )
    seen = set()
    for place in copies.iterdir():
        stack.env["BACKUP_DIR"] = str(place)
        names = whole(stack)
        assert {proven, newest} <= names
        seen.add(len(names))
        assert set(stack.run("backups.prune")["kept"]) == {proven, newest} == whole(stack)
        assert list(place.glob(f"{folder.PARTIAL}*")) == []
        assert json.loads((place / proven / manifest.EVIDENCE).read_text())["ok"]
    assert seen == set(range(2, BACKUPS + 1))


def whole(stack) -> set[str]:
    """The backups that are listed: each with every file and object as it was."""
    ends = ends_of(stack)
    assert folder.list_damaged(ends) == []
    for each in folder.list_backups(ends):
        assert verify.problems(each["path"]) == [] == mirror.sample(each["path"], folder.pool(ends), None)
    return {each["id"] for each in folder.list_backups(ends)}
