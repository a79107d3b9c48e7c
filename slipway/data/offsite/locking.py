"""Object lock: used where the bucket has it, and believed only when the store shows it on the copy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from slipway.data.objects import client as objects
from slipway.data.objects import failures
from slipway.data.offsite.place import Remote
from slipway.errors import BackupError, VerificationError

SLACK = timedelta(minutes=5)  # clocks differ


@dataclass(frozen=True)
class Rule:
    """Until when each copy is locked; `until` is None where no lock is set from here."""

    mode: str = ""
    until: datetime | None = None

    def about(self) -> dict:
        """What goes with an upload."""
        return {"ObjectLockMode": self.mode, "ObjectLockRetainUntilDate": self.until} if self.until else {}


def rule(remote: Remote) -> Rule:
    """The rule for copies made now. Raises BackupError when days are set and the bucket has no object lock."""
    days = remote.target.lock_days
    if not days:
        return Rule()
    if not has_lock(remote):
        raise BackupError(
            f"bucket {remote.target.bucket}",
            f"has no object lock, and OFFSITE_LOCK_DAYS is {days}",
            "a bucket that was made with object lock",
            "make one, or set OFFSITE_LOCK_DAYS=0 in .env",
        )
    return Rule(remote.target.lock_mode.upper(), datetime.now(UTC).replace(microsecond=0) + timedelta(days=days))


def has_lock(remote: Remote) -> bool:
    from botocore.exceptions import ClientError

    try:
        found = remote.client.get_object_lock_configuration(Bucket=remote.target.bucket)
    except ClientError as error:
        if objects.code_of(error) in failures.KEYS | failures.NO_BUCKET:
            raise
        return False
    return found.get("ObjectLockConfiguration", {}).get("ObjectLockEnabled") == "Enabled"


def hold(remote: Remote, names: dict, rule: Rule) -> None:
    """Makes sure that one copy is locked for as long as the rule says: a store may take a lock and not keep it."""
    if not rule.until or is_held(remote, names, rule):
        return
    remote.client.put_object_retention(**names, Retention={"Mode": rule.mode, "RetainUntilDate": rule.until})
    if not is_held(remote, names, rule):
        raise VerificationError(
            names["Key"],
            "the store took the lock and does not show it",
            f"locked until {rule.until:%Y-%m-%d}",
            "another store, or OFFSITE_LOCK_DAYS=0 in .env",
        )


def is_held(remote: Remote, names: dict, rule: Rule) -> bool:
    until = remote.client.head_object(**names).get("ObjectLockRetainUntilDate")
    return until is not None and until >= rule.until - SLACK
