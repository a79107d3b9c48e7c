"""When scheduled backups are due, and what became of the last one: pure, but for the record that it reads."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

from slipway.data import records
from slipway.data.backups.interface import Planned
from slipway.data.endpoints import Endpoints

RECORD = "schedule"
GRACE = timedelta(minutes=15)  # a deploy, or another backup, may hold one up that long before it counts as missed
LONGEST = timedelta(hours=24)  # nobody takes a backup for longer: what says so was killed
TRIES, RETRY = 3, timedelta(minutes=5)


def stamp(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def next_due(schedule: str, moment: datetime) -> datetime:
    """The first moment after this one at which a backup is due, in UTC."""
    from cronsim import CronSim

    return next(CronSim(schedule, moment))


def last_due(schedule: str, moment: datetime) -> datetime:
    """The last moment before, or at, this one at which a backup was due."""
    from cronsim import CronSim

    return next(CronSim(schedule, moment + timedelta(seconds=1), reverse=True))


def fresh(schedule: str, now: datetime) -> dict:
    """The record of a schedule that begins now."""
    return {"schedule": schedule, "since": stamp(now), "due": None, "ok": None, "tries": 0}


def ahead(record: Mapping, now: datetime) -> bool:
    """Whether the record is of a time that has not come: a clock was wrong, and nothing would be due until then."""
    limit = now + timedelta(minutes=5)
    return any(each is not None and each > limit for each in (moment(record["since"]), moment(record.get("due"))))


def find_due(record: Mapping, now: datetime) -> datetime | None:
    """The moment for which a backup has to be taken now, or None. Of several that passed meanwhile only the last."""
    last = last_due(record["schedule"], now)
    done = moment(record.get("due"))
    if last > moment(record["since"]) and (done is None or last > done):
        return last
    if record.get("ok") is False and record["tries"] < TRIES and now - moment(record["ended"]) >= RETRY:
        return done
    return None


def moment(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def report(ends: Endpoints, now: datetime | None = None) -> Planned | None:
    """The schedule for people and monitoring; None where there is none."""
    now, schedule = now or datetime.now(UTC), ends.backup.schedule
    if not schedule:
        return None
    record = records.read(ends.state_dir, RECORD)
    return Planned(schedule, stamp(next_due(schedule, now)), trouble(schedule, record, now))


def trouble(schedule: str, record: Mapping, now: datetime) -> str:
    """What is wrong with the schedule, as a sentence, or an empty text."""
    if record.get("schedule") != schedule:
        return "nobody follows this schedule yet"
    due, done = last_due(schedule, now - GRACE), moment(record.get("due"))
    begun = moment(record.get("running"))
    if due > moment(record["since"]) and (done is None or due > done) and not (begun and now - begun < LONGEST):
        return f"the backup that was due at {due:%Y-%m-%d %H:%M} UTC was not taken"
    if record.get("ok") is False:
        return f"the backup that was due at {done:%Y-%m-%d %H:%M} UTC failed: {record.get('error')}"
    return ""
