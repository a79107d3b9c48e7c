"""`backups.fetch`: brings a copy back, opens it, verifies it against its manifest, and lists it among the backups here."""

from __future__ import annotations

import difflib
from functools import partial
from pathlib import Path

from slipway.data import mirror
from slipway.data.backups import folder, lock, manifest, verify
from slipway.data.backups.take import settle
from slipway.data.endpoints import Emit, Endpoints
from slipway.data.mirror import manifest as objects_list
from slipway.data.mirror.crew import Tally, each
from slipway.data.mirror.manifest import Entry
from slipway.data.mirror.pool import Incoming, Pool
from slipway.data.offsite import listing, naming, place, sealing
from slipway.data.offsite.interface import Fetch, Fetched
from slipway.data.offsite.listing import Copy
from slipway.data.offsite.naming import Names
from slipway.data.offsite.place import Remote
from slipway.data.offsite.receiving import Line, receive
from slipway.data.progress import progress
from slipway.errors import BackupError, VerificationError


def fetch(ends: Endpoints, args: Fetch, emit: Emit) -> Fetched:
    """Brings the copy of a backup back. What a former try has brought is not brought again.

    Raises BackupError, LockHeld,
    VerificationError where the copy is damaged: then it is not listed.
    """
    remote = place.open_remote(ends, args.stack)
    keys = sealing.identities(args.identity) if args.identity else []

    def tell(text: str) -> None:
        progress(emit, text, 0, 0, "")

    with (
        place.translate_failures(remote, "off-site copy"),
        lock.hold_lock(ends, "fetching a backup", args.wait, tell) as root,
    ):
        copy = choose_copy(remote, args.id or "latest")
        if is_whole(root / copy.identity, folder.pool(ends)):
            return Fetched(copy.identity, 0, 0, here=True)
        return bring_copy(Line(remote, copy.is_sealed, wanted_keys(copy, keys)), copy, root, emit)


def choose_copy(remote: Remote, identity: str) -> Copy:
    """A complete copy by its id, or the newest. Raises BackupError with the nearest ones."""
    there = listing.complete(remote)
    if identity == "latest" and there:
        return there[max(there, key=lambda name: (not folder.future(name), folder.order(name)))]
    if identity in there:
        return there[identity]
    near = difflib.get_close_matches(identity, there, 3, 0.5)
    raise BackupError(
        f"off-site copy {identity}",
        f"{remote} has none of this name that is complete",
        ", ".join(near) or "one that is listed",
        "./invoke backups.list",
    )


def wanted_keys(copy: Copy, keys: list) -> list:
    if copy.is_sealed and not keys:
        raise BackupError(
            f"off-site copy {copy.identity}",
            "it is encrypted",
            "the private key that opens it",
            f"./invoke backups.fetch {copy.identity} --identity FILE",
        )
    return keys


def is_whole(path: Path, pool: Path) -> bool:
    """Every byte is read: what is rotten here is what a fetch is for."""
    if not path.is_dir() or verify.problems(path) or mirror.find_missing(path, pool):
        return False
    return not mirror.sample(path, pool, None, aside=True)


def bring_copy(line: Line, copy: Copy, root: Path, emit: Emit) -> Fetched:
    """Brings every file into a place of its own, proves them, and gives the backup its name."""
    work, final = root / place.SPOOL / f"{copy.identity}-fetched", root / copy.identity
    for each_folder in (work.parent, work):
        each_folder.mkdir(exist_ok=True, mode=0o700)
    sizes = sum(found["Size"] for found in copy.files.values())
    tally = Tally(emit, "fetching files", sizes)
    for name in (manifest.DIGEST, manifest.NAME):
        bring(line, copy, name, work, tally)
    for name, facts in manifest.read(work)["files"].items():
        if not ((work / name).exists() and manifest.facts(work / name) == facts):
            bring(line, copy, name, work, tally, facts["sha256"])
    if manifest.EVIDENCE + line.ending in copy.files:
        bring(line, copy, manifest.EVIDENCE, work, tally)
    objects = bring_objects(line, copy, work, Pool(root / folder.OBJECTS), emit)
    for problem in (*verify.problems(work), *mirror.find_missing(work, root / folder.OBJECTS)):
        raise VerificationError(
            f"off-site copy {copy.identity}",
            problem,
            "the backup as it was taken",
            "./invoke backups.list for another one",
        )
    if final.exists():  # a damaged one: its name is needed, and what is damaged is worth nothing
        final.rename(root / f"{folder.PARTIAL}{copy.identity}-damaged")
    settle(work, final)
    lock.clear(root)
    return Fetched(copy.identity, sizes + objects["bytes"], objects["count"], here=False)


def bring(line: Line, copy: Copy, name: str, work: Path, tally: Tally, sha256: str = "") -> None:
    """One file of the backup. Raises VerificationError when it is not what the manifest says."""
    names = line.remote.file(copy.identity, name + line.ending)
    found, _ = receive(line, names, work / name, tally)
    if sha256 and found != sha256:
        (work / name).unlink()
        raise damaged_error(names["Key"], found, sha256)


def damaged_error(key: str, found: str, wanted: str) -> VerificationError:
    return VerificationError(
        key, f"damaged: sha256 {found[:12]}…", f"sha256 {wanted[:12]}…", "./invoke backups.list for another backup"
    )


def bring_objects(line: Line, copy: Copy, work: Path, pool: Pool, emit: Emit) -> dict:
    """The bytes of every object that the pool here does not have."""
    names = Names()
    if line.sealed:
        key = line.remote.file(copy.identity, naming.FILE + line.ending)
        receive(line, key, work / naming.FILE, Tally(emit, "fetching files", 0))
        names = naming.of_backup((work / naming.FILE).read_text(encoding="ascii", errors="replace"), key["Key"])
        (work / naming.FILE).unlink()
        naming.adopt(work.parent, names)
    tally = Tally(emit, "fetching objects", sum(entry.size for entry in absent(work, pool)))
    count = sum(
        brought for _, brought in each(partial(bring_object, line, names, pool, tally), absent(work, pool), tally.stop)
    )
    pool.settle()
    return {"count": count, "bytes": tally.done}


def absent(work: Path, pool: Pool):
    return (entry for entry in objects_list.read(work) if entry.sha256 and not pool.has(entry.sha256, entry.size))


def bring_object(line: Line, names: Names, pool: Pool, tally: Tally, entry: Entry) -> bool:
    """One object into the pool, under the name of what arrived; False where a twin of it has brought it by now."""
    if pool.has(entry.sha256, entry.size):
        return False
    key = line.remote.object(names.of(entry.sha256))
    path = pool.incoming_path()
    try:
        sha256, size = receive(line, key, path, tally)
        if sha256 != entry.sha256:
            raise damaged_error(f"{key['Key']} ({entry.name})", sha256, entry.sha256)
        pool.keep(Incoming(path, size, sha256, ""))
    finally:
        path.unlink(missing_ok=True)
    return True
