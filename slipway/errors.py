"""One error class per exit code. Every error says where, what was found, what is expected, and what to type next."""

from __future__ import annotations


class SlipwayError(Exception):
    """A failure that a person is told about; never a traceback.

    `where` names the place (a file and line, a setting, a service); `found` what was there; `expected` what should
    have been; `next` the command or edit that gets on; `log` the last lines of whatever failed, oldest first.
    """

    code = 1
    kind = "error"

    def __init__(self, where: str, found: str = "", expected: str = "", next: str = "", log: tuple[str, ...] = ()):
        super().__init__(": ".join(part for part in (where, found) if part))
        self.where, self.found, self.expected, self.next, self.log = where, found, expected, next, tuple(log)

    def fields(self) -> dict:
        """The error as plain data, as it crosses from the ops container to the outside."""
        return {
            "kind": self.kind,
            "where": self.where,
            "found": self.found,
            "expected": self.expected,
            "next": self.next,
            "log": list(self.log),
        }


class SettingsError(SlipwayError):
    code, kind = 2, "settings"


class Declined(SettingsError):
    """Somebody was asked and said no: nothing went wrong."""


class LockHeld(SlipwayError):
    code, kind = 3, "lock"


class LockLost(LockHeld):
    """The lock is somebody else's now, or nobody's: what this process had begun is no longer its own."""


class GateError(SlipwayError):
    code, kind = 4, "gate"


class MigrationError(SlipwayError):
    code, kind = 5, "migration"


class HealthError(SlipwayError):
    code, kind = 6, "health"


class BackupError(SlipwayError):
    code, kind = 7, "backup"


class VerificationError(SlipwayError):
    code, kind = 8, "verification"


class EngineError(SlipwayError):
    code, kind = 9, "engine"


# What is found, what is expected and what to type when the engine is gone, whoever of its clients notices.
ENGINE_GONE = (
    "the engine does not answer any more",
    "an engine that stays",
    "docker version; once it answers, type the same command again",
)


# The same for its disk. A build that failed keeps what was sent to it, which only the builder can drop.
ENGINE_FULL = (
    "the disk of the engine is full",
    "room for images and data",
    "docker builder prune; docker image prune; docker system df",
)


def full(where: str, text: str) -> EngineError | None:
    """The error for an engine that says it has no room, or None if it says something else."""
    return EngineError(where, *ENGINE_FULL, (text[:300],)) if "no space left on device" in text.lower() else None


class Interrupted(SlipwayError):
    code, kind = 130, "interrupted"


KINDS: dict[str, type[SlipwayError]] = {
    cls.kind: cls
    for cls in (
        SlipwayError,
        SettingsError,
        LockHeld,
        GateError,
        MigrationError,
        HealthError,
        BackupError,
        VerificationError,
        EngineError,
        Interrupted,
    )
}


def from_fields(fields: dict) -> SlipwayError:
    """The error that `fields()` described, with its own class and so its own exit code."""
    cls = KINDS.get(fields.get("kind", ""), SlipwayError)
    return cls(
        fields["where"],
        fields.get("found", ""),
        fields.get("expected", ""),
        fields.get("next", ""),
        tuple(fields.get("log", ())),
    )
