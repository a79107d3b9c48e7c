"""`db.rehearse`: pending migrations on a copy of the live data, with what they lock, rewrite and cost."""

from __future__ import annotations

from collections.abc import Iterator

from slipway.environment import World, enter
from slipway.errors import MigrationError
from slipway.inside import work
from slipway.plan import Progress, Step


def run(on: str, reporter, source: str = "live") -> None:
    """Copies the data into a throwaway database, runs what is pending up and down there, and reports.

    `source` is live, or backup: the newest proven one, with no load on the live database. Raises MigrationError for a file that fails there, and for a down that does not bring the schema back.
    """
    world = enter(on)
    cause = "on a copy; the live database is only read" if source == "live" else "on the newest proven backup"
    found = work(world, reporter, "rehearse", {"source": source}, cause, remark)
    for file in found["files"]:
        reporter.line(
            f"  {file['file']}  up {file['up_ms']:.0f} ms"
            + (f", down {file['down_ms']:.0f} ms" if file.get("down_ms") is not None else "")
        )
        for sentence in file["effects"]:
            reporter.line(f"      {sentence}")
    refuse_one_way(found)
    reporter.done(found["summary"], **found)


def remark(found: dict) -> str:
    return f"{len(found['files'])} files in {found['seconds']:.1f} s"


def step(world: World) -> Step:
    """The rehearsal that REHEARSE=true puts before the migrations of a deploy."""

    def work(progress: Progress) -> str:
        found = world.engine.inside("rehearse", {}, progress)
        refuse_one_way(found)
        locks = sorted(set(blocking(found["files"])))
        return f"{remark(found)}; " + (f"blocks {', '.join(locks)}" if locks else "blocks nobody")

    return Step("rehearse", "REHEARSE=true: on a copy of the live data", work)


def blocking(files: list[dict]) -> Iterator[str]:
    """What others may not do meanwhile, and where."""
    for file in files:
        yield from (f"{lock['blocks']} on {lock['table']}" for lock in file["locks"])


def refuse_one_way(found: dict) -> None:
    """Raises MigrationError, with what is left, for the first file whose down does not bring the schema back."""
    for file in found["files"]:
        down = file["down"]
        if down["tried"] and not down["restores"]:
            raise MigrationError(
                file["file"],
                f"its down, rehearsed on a copy: {down['reason']}",
                "a down that brings the exact schema back, or no down file at all",
                "mend the down file, then ./invoke db.rehearse",
                tuple(down["differences"]),
            )
