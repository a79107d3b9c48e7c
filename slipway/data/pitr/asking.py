"""Which moment is meant, whether it is in reach, and from which backup and along which history it is made."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

from slipway.data.endpoints import Emit, Endpoints
from slipway.data.pitr import archive, places, program, window
from slipway.data.pitr.info import Report
from slipway.data.pitr.interface import Ask, Moment
from slipway.errors import BackupError

AHEAD = 5.0  # seconds that the clock of who asks may be ahead


def ask(ends: Endpoints, args: Ask, emit: Emit) -> Moment:
    """Whether a moment can be restored, and from what.

    Raises SettingsError
    for what is no moment, BackupError naming the window for one outside of it.
    """
    program.need(ends)
    target = window.moment(args.at)
    found, report = archive.look(ends), program.require_report(ends)
    timeline = args.timeline or present(found, report)
    backups = window.usable(report, window.forks(history(timeline)), timeline)
    now = found.get("now") or time.time()
    reach = window.of(backups, now if "reason" not in found else None)
    if target is not None and target > now + AHEAD:
        raise beyond(args.at, reach, f"in the future: it is {window.format_moment(now)}")
    chosen = window.choose(backups, target)
    if chosen is None:
        raise beyond(args.at, reach, "before the oldest backup" if backups else "no backup that it could be made of")
    text = "the newest moment" if target is None else window.format_moment(target) + "+00"
    return Moment(target, text, chosen.label, timeline, str(reach), now)


def present(found: dict, report: Report) -> int:
    """The history that the server is in; of a lost one, the newest that is archived."""
    if report.system == found.get("system"):
        return found["timeline"]
    newest = max((each.newest for each in report.repositories if each.system == report.system), default="")
    return int(newest[:8] or "1", 16)


def beyond(text: str, reach: window.Window, why: str) -> BackupError:
    what = f"{text}, {why}"
    return BackupError("--at", what, f"a moment in the window: {reach} (UTC)", program.NEXT)


def history(timeline: int) -> str:
    """The .history file of a timeline as the archive has it; the first one has none."""
    with tempfile.TemporaryDirectory() as place:
        path = Path(place) / "history"
        if timeline > 1 and program.run(["archive-get", f"{timeline:08X}.history", str(path)], program.QUICK).code == 0:
            return path.read_text()
    return places.history() if timeline > 1 else ""
